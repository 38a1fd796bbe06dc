"""The command line, as people and scripts use it."""

import asyncio
import json
import wave
from pathlib import Path

import pytest

from tests.system.conftest import offhook
from tests.system.server import Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

MENU = """<Response>
  <Gather input="dtmf speech" hints="sales, support" action="heard" preTimeout="4" postTimeout="1">
    <Say>Sales or support?</Say>
  </Gather>
</Response>"""


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in app.requests if received.path == path]


async def call(*arguments: str) -> tuple[int, dict[str, object]]:
    done = await asyncio.to_thread(offhook, "call", *arguments, "--json")
    assert done.stdout, done.stderr
    return done.returncode, json.loads(done.stdout)


async def test_the_phone_says_a_word_and_presses_a_key(
    server: Server, app: Application, tmp_path: Path
) -> None:
    app.on("/voice", page(200, MENU))
    app.on(
        "/heard",
        page(
            200,
            '<Response><Gather numDigits="1" action="key"><Say>Press one to go on.</Say></Gather></Response>',
        ),
    )
    app.on("/key", page(200, "<Response><Say>sales</Say><Pause/></Response>"))
    server.give_number("7401", f"{app.url}/voice")
    kept = tmp_path / "out.wav"
    status, told = await call(
        *(f"sip:7401@127.0.0.1:{server.sip_port}", "--say", "sales", "--press", "1", "--wait", "2"),
        *("--record", str(kept), "--hints", "sales,support"),
    )
    assert status == 0
    assert told["connected"] is True
    assert forms(app, "/heard")[0]["SpeechResult"] == "sales"
    assert forms(app, "/key")[0]["Digits"] == "1"
    deeds = told["did"]
    assert isinstance(deeds, list)
    assert [(deed["what"], deed["value"]) for deed in deeds] == [
        ("said", "sales"),
        ("pressed", "1"),
        ("waited", "2 s"),
    ]
    sounds = told["sounds"]
    assert isinstance(sounds, list)
    assert sounds[-1]["words"] == "sales"
    with wave.open(str(kept)) as heard:
        assert (heard.getframerate(), heard.getnchannels()) == (8000, 1)
        assert heard.getnframes() / 8000 > 4


async def test_the_exit_status_says_whether_the_call_connected(server: Server, app: Application) -> None:
    status, told = await call(f"sip:nobody@127.0.0.1:{server.sip_port}")
    assert (status, told["connected"], told["sip_status"]) == (1, False, 404)


async def test_nobody_listens_there() -> None:
    status, told = await call("sip:1000@127.0.0.1:9", "--ring", "2")
    assert (status, told["connected"]) == (1, False)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("sip:1000@127.0.0.1", "--press", "12x"), "keys are 0-9"),
        (("sip:1000@127.0.0.1", "--wait", "soon"), "give seconds"),
        (("sip: not a uri",), "no SIP URI"),
        (("sip:1000@127.0.0.1", "--header", "nothing"), "X-Name: value"),
    ],
)
def test_wrong_use_is_said_and_exits_with_2(arguments: tuple[str, ...], words: str) -> None:
    done = offhook("call", *arguments)
    assert done.returncode == 2
    assert words in done.stderr


async def test_without_json_the_phone_tells_its_story(server: Server) -> None:
    done = await asyncio.to_thread(offhook, "call", f"sip:echo@127.0.0.1:{server.sip_port}", "--wait", "0.5")
    assert done.returncode == 0
    assert "answered" in done.stdout
    assert "ended by the phone" in done.stdout


def test_the_database_is_brought_up_to_date(tmp_path: Path) -> None:
    first = offhook("db", "upgrade", OFFHOOK_DATA_DIR=str(tmp_path))
    assert first.returncode == 0
    assert "from nothing" in first.stdout
    again = offhook("db", "upgrade", OFFHOOK_DATA_DIR=str(tmp_path))
    assert "up to date" in again.stdout


def test_the_doctor_finds_what_is_wrong(tmp_path: Path, server: Server) -> None:
    healthy = offhook("doctor", OFFHOOK_DATA_DIR=str(tmp_path), OFFHOOK_HTTP_PORT=str(server.http_port))
    assert healthy.returncode == 0, healthy.stdout
    assert f"on HTTP port {server.http_port}, is ready" in healthy.stdout
    ill = offhook(
        "doctor",
        OFFHOOK_DATA_DIR=str(tmp_path),
        OFFHOOK_HTTP_PORT="0",
        OFFHOOK_SIP_PORT=str(server.sip_port),
        OFFHOOK_TRUNK="sip:no-such-host.invalid:5060",
    )
    assert ill.returncode == 1
    assert "OFFHOOK_SIP_PORT" in ill.stdout
    assert "OFFHOOK_TRUNK" in ill.stdout
    wrong = offhook("doctor", OFFHOOK_RTP_PORTS="many")
    assert wrong.returncode == 1
    assert "10000-10199" in wrong.stdout


def test_a_setting_that_makes_no_sense_is_said_and_exits_with_2() -> None:
    done = offhook("serve", "--sip-allow", "everybody")
    assert done.returncode == 2
    assert "OFFHOOK_SIP_ALLOW" in done.stderr
    assert "192.168.0.0/16" in done.stderr


def test_version_tells_what_is_installed() -> None:
    told = json.loads(offhook("version", "--json").stdout)
    assert set(told) >= {"offhook", "python", "pjsip", "call_slots"}
