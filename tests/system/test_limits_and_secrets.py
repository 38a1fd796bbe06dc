"""Limits and secrets of a running server, set as an operator sets them: by commands, while it runs."""

import asyncio
import json
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import httpx2
import pytest

from tests.sip.peer import Peer
from tests.system.server import ACCOUNT_SID, TOKEN, Server, environment, running_server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

WAIT = "<Response><Say>Wait.</Say><Pause length='60'/></Response>"
PASSWORD = "correct horse battery"
ENOUGH_S, LOOK_EVERY_S = 60.0, 0.2


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server whose account these tests change."""
    with running_server(tmp_path_factory.mktemp("limits"), TRUNK="sip:127.0.0.1:9") as running:
        yield running


def command(
    data_dir: Path, *arguments: str, given: str = "", **settings: str
) -> subprocess.CompletedProcess[str]:
    """Run `offhook` over the server's database."""
    return subprocess.run(
        [sys.executable, "-m", "offhook", *arguments],
        env=environment(data_dir, **settings),
        input=given,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def told(data_dir: Path, *arguments: str) -> str:
    done = command(data_dir, *arguments)
    assert done.returncode == 0, done.stderr
    return done.stdout


def signed_in(server: Server, name: str, secret: str, **headers: str) -> httpx2.Response:
    """Ask for the account as somebody."""
    return httpx2.get(
        f"{server.url}{server.account_path}.json", auth=(name, secret), headers=headers, trust_env=False
    )


async def until(does: Callable[[], bool]) -> None:
    """Ask again until it does; limits and keys are looked up every few seconds."""
    for _ in range(int(ENOUGH_S / LOOK_EVERY_S)):
        if await asyncio.to_thread(does):
            return
        await asyncio.sleep(LOOK_EVERY_S)
    raise AssertionError("it never did")


async def until_status(server: Server, status: int) -> str:
    """Call until the answer has this status, which a limit brings within seconds; its Reason or headers as text."""
    async with asyncio.timeout(ENOUGH_S):
        while True:
            peer = await Peer.open()
            try:
                answer = await peer.invite("7001", server.sip_port)
                if answer.status == status:
                    return answer.get("Retry-After")
                if answer.status == 200:
                    await peer.bye()
            finally:
                await peer.close()


async def test_calls_beyond_the_limit_are_refused_in_both_directions(
    own: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, WAIT))
    own.give_number("7001", f"{app.url}/voice")
    assert (await peer.invite("7001", own.sip_port)).status == 200
    told(own.data_dir, "account", "limits", ACCOUNT_SID, "--concurrent-calls", "1")
    try:
        assert int(await until_status(own, 503)) >= 1  # Retry-After
        await until(lambda: bool(own.get("/Notifications", ErrorCode="20429")["notifications"]))
        [about] = own.get("/Notifications", ErrorCode="20429")["notifications"]
        assert "--concurrent-calls" in about["message_text"]
        assert "call_sid" not in about
        refused = await asyncio.to_thread(
            own.post, "/Calls.json", From="1000", To="sip:x@127.0.0.1:9", Url=f"{app.url}/voice"
        )
        assert (refused.status_code, refused.json()["code"]) == (429, 20429)
        assert int(refused.headers["retry-after"]) >= 1
        await peer.bye()
        await until_status(own, 200)
    finally:
        told(own.data_dir, "account", "limits", ACCOUNT_SID, "--clear", "concurrent-calls")


async def test_a_premium_number_is_refused_until_it_is_allowed(own: Server) -> None:
    form = {"From": "1000", "To": "+19005551234", "Url": "http://127.0.0.1:9/voice"}
    refused = await asyncio.to_thread(own.post, "/Calls.json", **form)
    assert (refused.status_code, refused.json()["code"]) == (400, 21215)
    allowed_by = refused.json()["message"].partition("`offhook ")[2].partition("`")[0]
    told(own.data_dir, *allowed_by.split())
    await until(lambda: own.post("/Calls.json", **form).status_code == 200)
    told(own.data_dir, "account", "limits", ACCOUNT_SID, "--clear", "destinations")


async def test_people_and_programs_sign_in_with_secrets_of_their_own(own: Server) -> None:
    done = command(own.data_dir, "account", "password", ACCOUNT_SID, "--stdin", given=f"{PASSWORD}\n")
    assert done.returncode == 0, done.stderr
    key = json.loads(told(own.data_dir, "account", "keys", "add", ACCOUNT_SID, "--name", "ci", "--json"))
    await until(lambda: signed_in(own, ACCOUNT_SID, PASSWORD).status_code == 200)
    assert signed_in(own, key["key"], key["secret"]).json().get("auth_token") is None
    told(own.data_dir, "account", "keys", "revoke", key["key"])
    await until(lambda: signed_in(own, key["key"], key["secret"]).status_code == 401)
    assert PASSWORD not in own.output.text
    assert key["secret"] not in own.output.text


async def test_nobody_gets_around_delays_by_naming_another_address(own: Server) -> None:
    statuses = [
        signed_in(own, "AC" + "0" * 32, "0" * 64, **{"X-Forwarded-For": f"192.0.2.{count}"}).status_code
        for count in range(6)
    ]
    assert statuses == [401] * 5 + [429]
    assert signed_in(own, ACCOUNT_SID, TOKEN).status_code == 200


async def test_the_key_is_changed_under_a_running_server(own: Server) -> None:
    before = (own.data_dir / "secret.key").read_text()
    assert "1 secrets were sealed with a new key" in told(own.data_dir, "secrets", "rotate")
    assert before.strip() in (own.data_dir / "secret.key").read_text().split()[1:]
    assert signed_in(own, ACCOUNT_SID, TOKEN).status_code == 200
    assert told(own.data_dir, "account", "token", ACCOUNT_SID).strip() == TOKEN
    files = [path for path in own.data_dir.iterdir() if path.name.startswith("offhook.db")]
    assert files
    assert not any(TOKEN.encode() in path.read_bytes() for path in files)
    assert TOKEN not in own.output.text


def copy_of(own: Server, folder: Path) -> None:
    """The database of a server that runs, and its key."""
    name = "offhook.db"
    with (
        closing(sqlite3.connect(own.data_dir / name)) as kept,
        closing(sqlite3.connect(folder / name)) as copy,
    ):
        kept.backup(copy)
    shutil.copy(own.data_dir / "secret.key", folder)


def test_a_wrong_or_lost_key_is_a_clear_fault_at_the_start(own: Server, tmp_path: Path) -> None:
    copy_of(own, tmp_path)
    wrong = command(tmp_path, "serve", SECRET_KEY="not the key that was made")
    assert wrong.returncode == 78, wrong.stderr
    assert "OFFHOOK_SECRET_KEY is not the key" in wrong.stderr
    assert "Traceback" not in wrong.stderr
    (tmp_path / "secret.key").rename(tmp_path / "kept.key")
    lost = command(tmp_path, "serve")
    assert lost.returncode == 78
    assert "secret.key is missing" in lost.stderr
    assert not (tmp_path / "secret.key").exists()
    short = command(tmp_path, "serve", SECRET_KEY="short")
    assert short.returncode == 2
    assert "16 characters" in short.stderr
    assert "short" not in short.stderr
    (tmp_path / "kept.key").rename(tmp_path / "secret.key")
    with running_server(tmp_path) as running:
        assert signed_in(running, ACCOUNT_SID, TOKEN).status_code == 200


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("account", "show", "nobody"), "There is no account nobody"),
        (("account", "limits", ACCOUNT_SID, "--destinations", "+4x"), "+4x"),
        (("account", "limits", ACCOUNT_SID, "--clear", "calls"), "concurrent-calls"),
        (("account", "password", ACCOUNT_SID, "--stdin"), "12 to 256 characters"),
        (("account", "keys", "revoke", "SK1"), "no API key SK1"),
    ],
)
def test_wrong_use_is_told(own: Server, arguments: tuple[str, ...], words: str) -> None:
    done = command(own.data_dir, *arguments, given="short\n")
    assert done.returncode in (1, 2)
    assert words in done.stderr
    assert "Traceback" not in done.stderr
