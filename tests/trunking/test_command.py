"""`offhook trunk`, as an operator and a script use it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from offhook.bootstrap import open_database, secret_keys
from offhook.cli import app
from offhook.config import Settings
from offhook.records import migrate
from offhook.records.secret_keys import KeyFile
from offhook.records.trunks import Trunks
from tests.sip.carrier import Carrier

PASSWORD = "open sesame"
Trunk = Callable[..., Result]


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with an empty database and a key."""
    folder = tmp_path_factory.mktemp("begun")
    settings = Settings(data_dir=folder)
    migrate.upgrade(settings.resolved_database_url)
    keys = secret_keys(settings)
    assert isinstance(keys, KeyFile)
    keys.make()
    return folder


@pytest.fixture
def trunk(begun: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Trunk:
    shutil.copytree(begun, tmp_path / "data")
    monkeypatch.setenv("OFFHOOK_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, stdin: str | None = None) -> Result:
        return CliRunner().invoke(app, ["trunk", *arguments], input=stdin)

    return run


def test_a_trunk_is_added_shown_changed_and_removed_and_its_password_never_shown(trunk: Trunk) -> None:
    added = trunk(
        *(
            "add",
            "carrier",
            "--host",
            "127.0.0.1:5080",
            "--user",
            "desk",
            "--password-file",
            "-",
            "--register",
        ),
        *(
            "--inbound",
            "192.0.2.0/24",
            "--prefix",
            "+49",
            "--prefix",
            "0049",
            "--caller-id",
            "e164",
            "--json",
        ),
        stdin=f"{PASSWORD}\n",
    )
    assert (added.exit_code, json.loads(added.stdout)) == (0, {"name": "carrier", "warnings": []})
    [listed] = json.loads(trunk("ls", "--json").stdout)
    shown = json.loads(trunk("show", "carrier", "--json").stdout)
    assert shown == listed
    assert (shown["host"], shown["port"], shown["user"], shown["has_password"]) == (
        "127.0.0.1",
        5080,
        "desk",
        True,
    )
    assert (shown["inbound"], shown["prefixes"]) == (["192.0.2.0/24"], ["+49", "0049"])
    changed = trunk("add", "carrier", "--host", "127.0.0.1", "--user", "desk", "--priority", "3", "--replace")
    assert "carrier was changed" in changed.stdout
    with_password = Trunks(open_database(Settings())).named("carrier")
    assert with_password is not None
    assert (with_password.password, with_password.priority, with_password.registers) == (PASSWORD, 3, False)
    said = [trunk(*words).output for words in (("ls",), ("show", "carrier"), ("ls", "--json"))]
    assert not any(PASSWORD in text for text in said)
    assert trunk("rm", "carrier").exit_code == 0
    assert "There is no trunk carrier" in trunk("rm", "carrier").output
    assert "There is no trunk" in trunk("ls").stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("add", "a", "--host", "sip:x"), "give the host alone"),
        (("add", "a b", "--host", "x"), "is no name of a trunk"),
        (("add", "a", "--host", "x:5060", "--port", "5061"), "give one of them"),
        (("add", "a", "--host", "x", "--transport", "sctp"), "none of udp, tcp, tls"),
        (("add", "a", "--host", "x", "--inbound", "10.0.0.1/8"), "host bits set"),
        (("add", "a", "--host", "x", "--srtp", "yes"), "none of off, optional, required"),
        (("add", "a", "--host", "x", "--caller-id", "me"), "no caller id"),
        (("add", "a", "--host", "x", "--register"), "--user"),
        (("add", "a", "--host", "x", "--user", "u", "--password", "a\nb"), "single line"),
        (("add", "a", "--host", "x", "--user", ""), "the user name is not a single line"),
        (("add", "a", "--host", "http://x"), "is a URL"),
        (("add", "first", "--host", "x"), "There is a trunk first already"),
        (("add", "b", "--host", "x", "--replace"), "There is no trunk b to change"),
        (("add", "b", "--host", "x", "--inbound", "192.0.2.0/24"), "belongs to the trunk first"),
        (("test", "b"), "There is no trunk b"),
    ],
)
def test_what_is_wrong_is_named(trunk: Trunk, arguments: tuple[str, ...], said: str) -> None:
    trunk("add", "first", "--host", "127.0.0.1", "--inbound", "192.0.2.0/24")
    result = trunk(*arguments)
    assert result.exit_code in (1, 2)
    assert said in " ".join(result.output.replace("│", " ").split())
    assert [each["name"] for each in json.loads(trunk("ls", "--json").stdout)] == ["first"]


def test_what_is_odd_is_told_and_kept(trunk: Trunk) -> None:
    trunk("add", "first", "--host", "127.0.0.1", "--inbound", "192.0.2.0/24")
    added = trunk(
        *(
            "add",
            "b",
            "--host",
            "carrier.invalid",
            "--transport",
            "tls",
            "--inbound",
            "192.0.2.0/28",
            "--json",
        )
    )
    [overlap, gone, closed] = json.loads(added.stdout)["warnings"]
    assert "192.0.2.0/28 and 192.0.2.0/24 of the trunk first overlap" in overlap
    assert "carrier.invalid has no address now" in gone
    assert "tls is not open here: add it to OFFHOOK_SIP_TRANSPORTS" in closed


def test_a_sip_port_that_is_bound_to_this_machine_alone_is_told(
    trunk: Trunk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OFFHOOK_SIP_HOST", "127.0.0.1")
    [bound] = json.loads(trunk("add", "far", "--host", "203.0.113.9", "--json").stdout)["warnings"]
    assert "SIP is bound to 127.0.0.1 here, which reaches this machine alone: set OFFHOOK_SIP_HOST" in bound
    assert json.loads(trunk("add", "near", "--host", "127.0.0.9", "--json").stdout)["warnings"] == []
    monkeypatch.setenv("OFFHOOK_SIP_HOST", "0.0.0.0")
    assert json.loads(trunk("add", "other", "--host", "203.0.113.8", "--json").stdout)["warnings"] == []


async def test_a_trunk_is_tested_and_says_in_a_sentence_how_it_is(trunk: Trunk, tmp_path: Path) -> None:
    import asyncio

    carrier = await Carrier.begin(200, secret=("desk", PASSWORD))
    try:
        for password, status, said in (
            (PASSWORD, 0, "a takes the user name and password."),
            ("wrong", 1, "a does not take the user name and password: it answered REGISTER with 403 No."),
        ):
            (tmp_path / "password").write_text(password)
            trunk(
                *("add", "a", "--host", f"127.0.0.1:{carrier.port}", "--user", "desk", "--register"),
                *("--password-file", str(tmp_path / "password")),
                *(("--replace",) if status else ()),
            )
            tested = await asyncio.to_thread(trunk, "test", "a")
            assert tested.exit_code == status
            assert tested.stdout.splitlines() == ["a answered OPTIONS with 200 OK.", said]
    finally:
        await carrier.close()
    await asyncio.sleep(0)
    gone = await asyncio.to_thread(trunk, "test", "a", "--json")
    told = json.loads(gone.stdout)
    assert (gone.exit_code, told["is_well"], told["options"]["is_well"]) == (1, False, False)
    assert told["options"]["said"] == "could not be reached: Connection refused"


@pytest.mark.parametrize(
    ("option", "text", "said"),
    [
        ("--host", "fe80::1%x\r\nEvil: 1", "has a scope (what follows %)"),
        ("--inbound", "8000::%x,0.0.0.0/1", "has a scope (what follows %)"),
        ("--user", "\udcff\udcfe", "the user name is not written in UTF-8"),
        ("--password", "\udcff\udcfe", "the password is not written in UTF-8"),
    ],
)
def test_what_no_message_may_hold_is_refused(trunk: Trunk, option: str, text: str, said: str) -> None:
    rest = [] if option == "--host" else ["--host", "192.0.2.1"]
    refused = trunk("add", "a", *rest, *(["--user", "x"] if option == "--password" else []), option, text)
    assert refused.exit_code == 2
    assert said in " ".join(refused.stderr.replace("│", " ").split())
    assert json.loads(trunk("ls", "--json").stdout) == []


def test_a_name_that_no_trunk_can_have_is_no_trunk(trunk: Trunk) -> None:
    assert (trunk("rm", "\udcff").exit_code, trunk("show", "\udcff").exit_code) == (1, 1)


def test_a_note_is_told_once(trunk: Trunk) -> None:
    trunk("add", "a", "--host", "127.0.0.5", "--inbound", "127.0.0.5")
    notes = json.loads(trunk("add", "b", "--host", "127.0.0.5", "--json").stdout)["warnings"]
    assert len([note for note in notes if "the trunk a has the address 127.0.0.5/32 too" in note]) == 1


def test_a_trunk_whose_password_is_lost_is_named_and_given_it_anew(trunk: Trunk, tmp_path: Path) -> None:
    login = ("--host", "192.0.2.1", "--user", "desk", "--password", PASSWORD)
    assert trunk("add", "carrier", *login).exit_code == 0
    (tmp_path / "data" / "secret.key").unlink()
    reset = CliRunner().invoke(app, ["secrets", "reset", "--yes"])
    assert reset.exit_code == 0, reset.output
    assert "The trunk carrier has no password now: `offhook trunk add carrier --replace" in reset.output
    assert json.loads(trunk("show", "carrier", "--json").stdout)["has_password"] is False
    assert trunk("add", "carrier", *login, "--replace").exit_code == 0
    assert json.loads(trunk("show", "carrier", "--json").stdout)["has_password"] is True
