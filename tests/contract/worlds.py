"""Two worlds in which a call can live: scripted on a virtual clock, and PJSUA2 with peers of raw sockets."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import replace
from typing import Any

from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.port import DialledCall, Room
from offhook.pjsua.build import Build, installed_build
from offhook.pjsua.engine import Refusal
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.testing import ScriptedCall, ScriptedRoom
from offhook.testing.caller_voice import VOWEL
from offhook.testing.scripted_call import SOME_CALL
from tests.contract.phone import Phone
from tests.contract.tones import ANNOUNCEMENT_HZ, VOICES_HZ, sine, tone_spans
from tests.sip.peer import Peer

PATIENCE_S = 30
QUIET_PACKETS = 50


class ScriptedWorld:
    """Calls of `offhook.testing`, on the virtual clock."""

    def __init__(self) -> None:
        self.call: ScriptedCall | None = None
        self.party: list[ScriptedCall] = []

    async def incoming(self, *script: str) -> DialledCall:
        self.call = ScriptedCall(*script)
        return self.call

    async def dialled(self, *script: str) -> DialledCall:
        return await self.incoming(*script)

    async def comes(self, *script: str) -> DialledCall:
        """One more call of a party; its far end says things in a voice of its own."""
        call = ScriptedCall(*script, info=replace(SOME_CALL, from_=_name(len(self.party))))
        self.party.append(call)
        return call

    def room(self) -> Room:
        return ScriptedRoom()

    async def sounds(self) -> list[tuple[float, float]]:
        """What the far end heard: when each sound began and ended, on the loop's clock."""
        assert self.call is not None
        return _spans(self.call.heard)

    async def voice_heard(self, voice: int, by: int) -> list[tuple[float, float]]:
        """When the far end of one call of the party heard that of another, in seconds of the loop's clock."""
        return _spans([line for line in self.party[by].heard if _name(voice) in line])

    async def announcement_heard(self, by: int) -> list[tuple[float, float]]:
        return _spans([line for line in self.party[by].heard if "announcement" in line])

    async def comes_to_hear(self, voice: int, by: int) -> None:
        """Return once a far end hears the voice of another now."""
        async with asyncio.timeout(PATIENCE_S):
            while not self._hears_now(voice, by):  # noqa: ASYNC110 - the clock is virtual
                await asyncio.sleep(0.05)

    async def stops_hearing(self, voice: int, by: int) -> None:
        """Return once a far end has not heard the voice of another, who goes on speaking, for a second."""
        await asyncio.sleep(0.05)
        assert not self._hears_now(voice, by)
        await asyncio.sleep(QUIET_PACKETS * 0.02)
        assert not self._hears_now(voice, by)

    def _hears_now(self, voice: int, by: int) -> bool:
        lines = [line for line in self.party[by].heard if _name(voice) in line]
        return bool(lines) and lines[-1].endswith("starts")

    async def transfers_answered(self, by: int) -> list[int]:
        """How the REFERs of a far end were answered."""
        told = [line.split(" transfer ")[1] for line in self.party[by].heard if " transfer " in line]
        return [int(words.split()[1]) for words in told if not words.startswith("told")]

    async def transfers_told(self, by: int) -> list[int]:
        """What a far end was told of them."""
        return [int(line.split()[-1]) for line in self.party[by].heard if " transfer told " in line]

    async def refusal(self) -> int | None:
        assert self.call is not None
        return self.call.rejected_with

    async def far_end_over(self) -> None:
        assert self.call is not None
        assert self.call.ending is not None

    async def keys_received(self) -> str:
        assert self.call is not None
        return "".join(self.call.keys_sent)

    async def close(self) -> None:
        """Nothing is held."""


class RealWorld:
    """PJSUA2 legs, with a peer of raw sockets at the far end."""

    def __init__(
        self, build: Build | None = None, *, refuse: Refusal = lambda _invite: None, **settings: Any
    ) -> None:
        """`build` is the installed one unless given; `settings` are those of the engine that differ from the usual; `refuse`
        says which calls do not come in."""
        usual: dict[str, Any] = {
            "sip_host": "127.0.0.1",
            "sip_port": 0,
            "rtp_first_port": 21000,
            "rtp_ports": 100,
        }
        self.switchboard = Switchboard(
            EngineSettings(**{**usual, **settings}),
            build or installed_build(),
            refuse=refuse,
            on_incoming=self._on_incoming,
        )
        self.arrived: asyncio.Queue[Leg] = asyncio.Queue()
        self.invites: list[Invite] = []
        """Of all calls that came in."""

    async def start(self) -> None:
        await self.switchboard.start()
        self.peer = await Phone.open()
        self.party: list[Phone] = []
        self.deeds: list[asyncio.Task[Any]] = []

    async def incoming(self, *script: str) -> DialledCall:
        self._do(self.peer.invite("1000", self.switchboard.engine.sip_port))
        leg = await self._arrival(self.peer)
        self._do(self.peer.send_early())
        self._do(follow_script(self.peer, script, voiced))
        return leg

    async def comes(self, *script: str) -> DialledCall:
        """One more call of a party; its far end says things in a voice of its own."""
        peer, hertz = await Phone.open(), VOICES_HZ[len(self.party)]
        self.party.append(peer)
        self._do(peer.invite("1000", self.switchboard.engine.sip_port))
        leg = await self._arrival(peer)
        self._do(follow_script(peer, script, lambda seconds: sine(hertz, seconds)))
        return leg

    def room(self) -> Room:
        return self.switchboard.room()

    async def dialled(self, *script: str) -> DialledCall:
        uri = f"sip:peer@127.0.0.1:{self.peer.port}"
        leg = await self.switchboard.dial(SOME_CALL, uri, {"X-Test": "yes"})
        await self.peer.expect()
        self._do(follow_script(self.peer, script, voiced))
        return leg

    async def sounds(self) -> list[tuple[float, float]]:
        return self.peer.sounds()

    async def voice_heard(self, voice: int, by: int) -> list[tuple[float, float]]:
        """When the far end of one call of the party heard that of another, in seconds of the loop's clock."""
        return tone_spans(self.party[by].heard, VOICES_HZ[voice])

    async def announcement_heard(self, by: int) -> list[tuple[float, float]]:
        return tone_spans(self.party[by].heard, ANNOUNCEMENT_HZ)

    async def comes_to_hear(self, voice: int, by: int) -> None:
        """Return once a far end hears the voice of another now."""
        peer = self.party[by]
        known = len(peer.heard)
        async with asyncio.timeout(PATIENCE_S):
            await peer.until(lambda: bool(tone_spans(peer.heard[known:], VOICES_HZ[voice])))

    async def stops_hearing(self, voice: int, by: int) -> None:
        """Return once a far end has not heard the voice of another, who goes on speaking, for a second."""
        peer = self.party[by]
        known = len(peer.heard)

        def is_quiet() -> bool:
            latest = peer.heard[known:][-QUIET_PACKETS:]
            return len(latest) == QUIET_PACKETS and not tone_spans(latest, VOICES_HZ[voice])

        async with asyncio.timeout(PATIENCE_S):
            await peer.until(is_quiet)

    async def transfers_answered(self, by: int) -> list[int]:
        """How the REFERs of a far end were answered."""
        return self.party[by].transfers_answered

    async def transfers_told(self, by: int) -> list[int]:
        """What a far end was told of them."""
        return self.party[by].transfers_told

    async def refusal(self) -> int | None:
        return (await self.peer.reply(300)).status

    async def far_end_over(self) -> None:
        async with asyncio.timeout(10):
            await self.peer.over.wait()

    async def keys_received(self) -> str:
        return self.peer.keys_heard()

    async def close(self) -> None:
        for deed in self.deeds:
            deed.cancel()
        await asyncio.gather(*self.deeds, return_exceptions=True)
        for peer in (self.peer, *self.party):
            await peer.close()
        await self.switchboard.stop()

    async def _arrival(self, peer: Peer) -> Leg:
        try:
            return await asyncio.wait_for(self.arrived.get(), 30)
        except TimeoutError:
            answers = [message.start for message in peer.messages]
            raise AssertionError(f"the call did not come in; the peer was told {answers}") from None

    def _do(self, deed: Coroutine[Any, Any, Any]) -> None:
        self.deeds.append(asyncio.create_task(deed))

    def _on_incoming(self, incoming: Incoming) -> None:
        info = CallInfo(
            call_id=new_id(),
            account_sid=SOME_CALL.account_sid,
            direction=Direction.INBOUND,
            from_=incoming.invite.caller,
            to=incoming.invite.called,
            created_at=SOME_CALL.created_at,
        )
        self.invites.append(incoming.invite)
        self.arrived.put_nowait(incoming.take(info))


World = ScriptedWorld | RealWorld


async def follow_script(peer: Phone, script: tuple[str, ...], speech: Callable[[float], bytes]) -> None:
    """Have a peer do what the lines of a `ScriptedCall` say; `speech` makes the sound of so many seconds."""
    began_at = peer.loop.time()
    for line in script:
        at, _, deed = line.partition(" ")
        await asyncio.sleep(max(0.0, began_at + float(at) - peer.loop.time()))
        deed, _, headers = deed.partition(" with ")
        peer.answer_with = tuple(header.replace("=", ": ", 1) for header in headers.split())
        match deed.split():
            case ["key", key]:
                peer.press(key)
            case ["says", seconds]:
                peer.say(speech(float(seconds)))
            case ["hangs", "up"]:
                await (peer.bye() if peer.answered.is_set() else peer.cancel())
            case ["rings"]:
                peer.respond(180, "Ringing")
            case ["is", "heard", "early"]:
                peer.respond(183, "Session Progress")
            case ["answers"]:
                peer.respond(200, "OK")
            case ["refuses", status]:
                peer.respond(int(status), "No")
            case ["refuses", what, status]:
                peer.refusals[what] = int(status)
            case ["reports", status]:
                peer.reports = None if status == "nothing" else int(status)
            case ["transfers", target]:
                peer.transfer(target)


def voiced(seconds: float) -> bytes:
    """Speech, as a voice detector hears it."""
    return b"".join(VOWEL)[: int(seconds * 16000)]


def _name(index: int) -> str:
    return f"+1555010{index}"


def _spans(heard: list[str]) -> list[tuple[float, float]]:
    spans: list[tuple[float, float]] = []
    for line in heard:
        at, _, what = line.partition(" ")
        if what.endswith("starts") or " goes on at " in what:
            spans.append((float(at), float(at)))
        else:
            spans[-1] = (spans[-1][0], float(at))
    return spans
