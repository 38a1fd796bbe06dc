"""Applications that answer badly, over real SIP and HTTP: the caller is never left in silence, the row says why."""

import asyncio

import pytest

from tests.sip.peer import Peer
from tests.system.server import Server
from tests.webhooks.server import Application, Script, drip, head, never, page

pytestmark = pytest.mark.sip

BYE = "<Response><Say>Goodbye.</Say></Response>"
RUDE: dict[str, tuple[Script, int]] = {
    "404": (page(404, "no"), 404),
    "500": (page(500, "no"), 500),
    "broken XML": (page(200, "<Response><Say>Hello</Response>"), 500),
    "DOCTYPE": (page(200, '<!DOCTYPE r [<!ENTITY a "b">]><Response><Say>&a;</Say></Response>'), 500),
    "wrong encoding": (page(200, '<?xml version="1.0" encoding="utf-7"?><Response/>'), 500),
    "huge": (page(200, "<Response>" + "<Pause/>" * 20_000 + "</Response>"), 500),
    "HTML": (page(200, "<html><body>Oops</body></html>", "text/html"), 500),
    "never": (never, 500),
    "a byte a second": (drip(head(200, {"Content-Type": "text/xml"}), every_s=1.0), 500),
}


@pytest.fixture(scope="module")
def number() -> list[int]:
    """Numbers are used once: counts them."""
    return [7100]


def next_number(number: list[int]) -> str:
    number[0] += 1
    return str(number[0])


@pytest.mark.parametrize("kind", RUDE)
async def test_before_the_answer_the_caller_gets_a_sip_error(
    server: Server, app: Application, peer: Peer, kind: str, number: list[int]
) -> None:
    script, status = RUDE[kind]
    app.on("/voice", script)
    app.on("/state", page(200))
    name = next_number(number)
    server.give_number(name, f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    answer = await peer.invite(name, server.sip_port)
    assert answer.status == status
    await app.has(lambda seen: sum(r.path == "/state" for r in seen.requests) == 2, within_s=30)
    call = server.call_to(name)
    assert call["status"] == "failed"
    [notification] = server.notifications_of(call["sid"])
    assert notification["request_url"] == f"{app.url}/voice"
    assert notification["log"] in (0, "0")


@pytest.mark.parametrize("kind", ["500", "broken XML", "never"])
async def test_the_fallback_takes_over(
    server: Server, app: Application, peer: Peer, kind: str, number: list[int]
) -> None:
    app.on("/voice", RUDE[kind][0])
    app.on("/fallback", page(200, BYE))
    name = next_number(number)
    server.give_number(name, f"{app.url}/voice", VoiceFallbackUrl=f"{app.url}/fallback")
    assert (await peer.invite(name, server.sip_port)).status == 200
    async with asyncio.timeout(60):
        await peer.over.wait()
    assert peer.sounds()
    told = next(dict(received.form) for received in app.requests if received.path == "/fallback")
    assert told["ErrorUrl"] == f"{app.url}/voice"


@pytest.mark.parametrize("kind", ["404", "HTML", "never"])
async def test_once_answered_the_caller_hears_an_apology(
    server: Server, app: Application, peer: Peer, kind: str, number: list[int]
) -> None:
    app.on("/voice", page(200, "<Response><Say>One moment.</Say><Redirect>next</Redirect></Response>"))
    app.on("/next", RUDE[kind][0])
    name = next_number(number)
    server.give_number(name, f"{app.url}/voice")
    assert (await peer.invite(name, server.sip_port)).status == 200
    async with asyncio.timeout(60):
        await peer.over.wait()
    spans = peer.sounds(gap_s=0.5)
    assert sum(end - begin for begin, end in spans) > 2.5, "the apology takes longer than what was asked for"


@pytest.mark.parametrize(
    "sound",
    [page(404), page(200, "this is no sound", "audio/wav"), page(200, "<html>no</html>", "text/html")],
    ids=["missing", "text", "HTML"],
)
async def test_a_sound_that_cannot_be_played_is_told(
    server: Server, app: Application, peer: Peer, sound: Script, number: list[int]
) -> None:
    app.on("/voice", page(200, "<Response><Play>sound.wav</Play></Response>"))
    app.on("/sound.wav", sound)
    app.on("/state", page(200))
    name = next_number(number)
    server.give_number(name, f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    await peer.invite(name, server.sip_port)
    async with asyncio.timeout(60):
        await peer.over.wait()
    assert peer.sounds(), "an apology"
    await app.has(lambda seen: sum(r.path == "/state" for r in seen.requests) == 3, within_s=30)
    call = server.call_to(name)
    [notification] = server.notifications_of(call["sid"])
    assert "sound.wav" in notification["message_text"]
    assert call["status"] == "completed"


async def test_hints_over_the_limit_are_cut_and_told(
    server: Server, app: Application, peer: Peer, number: list[int]
) -> None:
    hints = ",".join(f"word{index}" for index in range(80))
    app.on(
        "/voice", page(200, f'<Response>\n<Gather input="speech" preTimeout="1" hints="{hints}"/></Response>')
    )
    app.on("/state", page(200))
    name = next_number(number)
    server.give_number(name, f"{app.url}/voice", StatusCallback=f"{app.url}/state")
    await peer.invite(name, server.sip_port)
    async with asyncio.timeout(60):
        await peer.over.wait()
    await app.has(lambda seen: sum(r.path == "/state" for r in seen.requests) == 3, within_s=30)
    call = server.call_to(name)
    [notification] = server.notifications_of(call["sid"])
    assert "Line 2" in notification["message_text"]
    assert "hints" in notification["message_text"]
    [gather] = server.gathers_of(call["sid"])
    assert gather["hints"].count(",") == 49


async def test_an_address_that_is_not_allowed_is_refused_and_the_setting_named(
    server: Server, app: Application, peer: Peer, number: list[int]
) -> None:
    name = next_number(number)
    server.give_number(name, "http://169.254.169.254/latest/meta-data")
    assert (await peer.invite(name, server.sip_port)).status == 500
    call = server.call_to(name)
    [notification] = server.notifications_of(call["sid"])
    assert "169.254.169.254 is a cloud metadata address" in notification["message_text"]
