"""Speech processes die or stand still in the middle of calls, and no caller hears it."""

import asyncio
import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.sip.peer import Peer
from tests.system.server import Server
from tests.webhooks.server import Application, Connection, Received, page

pytestmark = pytest.mark.sip

Said = Callable[[str], bytes]
LISTEN = """<Response>
  <Gather input="dtmf speech" hints="sales, support" action="heard" numDigits="1" preTimeout="30" postTimeout="1"
          partialResultCallback="partly" actionOnEmptyResult="true">{prompt}</Gather>
</Response>"""
LONG_PROMPT = "<Say>Please say which of our departments you would like to talk to, and speak clearly.</Say>"
BYE = "<Response><Hangup/></Response>"


def forms(app: Application, path: str) -> list[dict[str, str]]:
    return [dict(received.form) for received in app.requests if received.path == path]


async def said_by(server: Server, text: str, since: int) -> None:
    await asyncio.to_thread(server.output.until, text, since=since)


@contextmanager
def standing_still(pid: int) -> Iterator[None]:
    """A block in which a process stands still, unless it is killed meanwhile."""
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGCONT)


async def call(server: Server, app: Application, peer: Peer, number: str, prompt: str = "") -> None:
    """Call an application that listens."""
    app.on("/voice", page(200, LISTEN.format(prompt=prompt)))
    app.on("/heard", page(200, BYE))
    app.on("/partly", page(200))
    server.give_number(number, f"{app.url}/voice")
    assert (await peer.invite(number, server.sip_port)).status == 200


async def test_a_recogniser_killed_in_the_middle_of_a_word_understands_it(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    mark = server.output.mark
    async with asyncio.timeout(60):
        await call(server, app, peer, "7951")
        peer.say(said("support"))
        await app.has(lambda seen: bool(forms(seen, "/partly")))
        os.kill(server.children()["recogniser"], signal.SIGKILL)
        await peer.over.wait()
    await said_by(server, "recogniser-0 is ready again", mark)
    [heard] = forms(app, "/heard")
    assert (heard["SpeechResult"], heard["Digits"]) == ("support", "")
    partials = [form["UnstableSpeechResult"] for form in forms(app, "/partly")]
    assert partials == sorted(set(partials), key=len)
    [gather] = server.gathers_of(server.call_to("7951")["sid"])
    assert (gather["status"], gather["reason"], gather["speech_result"]) == ("completed", "", "support")


async def test_a_prompt_goes_on_while_the_recogniser_dies_and_speech_still_cuts_it_short(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    mark = server.output.mark
    async with asyncio.timeout(60):
        await call(server, app, peer, "7952", LONG_PROMPT * 3)
        await peer.hears_something()
        os.kill(server.children()["recogniser"], signal.SIGKILL)
        await said_by(server, "recogniser-0 is ready again", mark)
        peer.say(said("sales"))
        await peer.over.wait()
    [heard] = forms(app, "/heard")
    assert heard["SpeechResult"] == "sales"
    assert len(peer.sounds(gap_s=0.6)) == 1


async def test_a_recogniser_that_stands_still_is_replaced_and_keys_work_meanwhile(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    mark = server.output.mark
    other = await Peer.open()
    try:
        async with asyncio.timeout(90):
            await call(server, app, peer, "7303")
            assert (await other.invite("7303", server.sip_port)).status == 200
            with standing_still(server.children()["recogniser"]):
                other.press("7")
                await other.over.wait()
                assert forms(app, "/heard")[0]["Digits"] == "7"
                await said_by(server, "recogniser-0 has not answered for", mark)
                await said_by(server, "recogniser-0 is ready again", mark)
            peer.say(said("sales"))
            await peer.over.wait()
    finally:
        await other.close()
    assert forms(app, "/heard")[1]["SpeechResult"] == "sales"


async def test_speech_that_ends_while_the_recogniser_stands_still_is_understood_late_or_given_up_with_a_reason(
    server: Server, app: Application, peer: Peer, said: Said
) -> None:
    mark = server.output.mark
    async with asyncio.timeout(90):
        await call(server, app, peer, "7304")
        with standing_still(server.children()["recogniser"]):
            peer.say(said("sales"))
            await peer.over.wait()
            await said_by(server, "recogniser-0 is ready again", mark)
    [heard] = forms(app, "/heard")
    [gather] = server.gathers_of(server.call_to("7304")["sid"])
    if heard["SpeechResult"] == "sales":  # the process that took its place was in time
        assert (gather["status"], gather["reason"]) == ("completed", "")
    else:
        assert heard["SpeechResult"] == ""
        assert gather["status"] == "failed"
        assert gather["reason"].startswith("recogniser_failed")


async def test_a_voice_killed_while_it_is_asked_speaks_after_all(
    server: Server, app: Application, peer: Peer
) -> None:
    mark = server.output.mark

    async def kill_the_voice(received: Received, connection: Connection) -> None:
        os.kill(server.children()["voice"], signal.SIGKILL)
        await page(200, f"<Response>{LONG_PROMPT.replace('Please', 'Now please')}</Response>")(
            received, connection
        )

    app.on("/voice", kill_the_voice)
    server.give_number("7305", f"{app.url}/voice")
    async with asyncio.timeout(60):
        await peer.invite("7305", server.sip_port)
        await peer.over.wait()
    await said_by(server, "voice is ready again", mark)
    [(begin, end)] = peer.sounds(gap_s=0.6)
    assert end - begin > 3
    assert server.notifications_of(server.call_to("7305")["sid"]) == []
