"""Pairs SIP calls with legs: takes what comes in, dials what goes out, and hands each leg its events."""

from collections.abc import Callable, Mapping

from offhook.call.info import CallInfo
from offhook.call.timeline import Timeline
from offhook.pjsua.build import Build
from offhook.pjsua.engine import Engine, EngineSettings, Refusal
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.leg_events import LegEvent, Over
from offhook.pjsua.room import LegRoom
from offhook.pjsua.sip_call import SipCall


class Incoming:
    """A call that came in and that nobody has taken yet. Take it or refuse it, once."""

    def __init__(self, switchboard: "Switchboard", sip_call: SipCall, invite: Invite) -> None:
        self._switchboard = switchboard
        self._sip_call = sip_call
        self.invite = invite

    @property
    def timeline(self) -> Timeline:
        """What has happened to the call, since its INVITE."""
        return self._sip_call.timeline

    def take(self, info: CallInfo, *, answer_headers: Mapping[str, str] | None = None) -> Leg:
        """Let it ring, as a leg. `answer_headers` go into the 200."""
        self._switchboard.engine.post(self._sip_call.ring)
        return self._switchboard.leg(self._sip_call, info, answer_headers or {})

    def refuse(self, sip_status: int) -> None:
        """Refuse it with a SIP status of 300 or more."""
        self._switchboard.forget(self._sip_call)
        self._switchboard.engine.post(lambda: self._sip_call.refuse(sip_status))


class Switchboard:
    """The engine with its legs. Everything but `refuse` runs on the event loop that runs `start`."""

    def __init__(
        self,
        settings: EngineSettings,
        build: Build,
        *,
        refuse: Refusal,
        on_incoming: Callable[[Incoming], None],
    ) -> None:
        """`refuse` decides at once, on the engine's thread; `on_incoming` gets what it lets through."""
        self._on_incoming = on_incoming
        self._legs: dict[SipCall, Leg] = {}
        self._early: dict[SipCall, list[LegEvent]] = {}
        self.engine = Engine(settings, build, refuse=refuse, on_call=self._came_in, on_event=self._take_event)

    @property
    def free_slots(self) -> int:
        """How many more legs the engine can hold now."""
        return max(0, self.engine.build.call_slots - self.engine.calls_held)

    async def start(self) -> None:
        """Listen for calls. Raises EngineFailed."""
        await self.engine.start()

    async def stop(self) -> None:
        """End all calls and let go of everything."""
        await self.engine.stop()

    async def dial(
        self,
        info: CallInfo,
        uri: str,
        headers: Mapping[str, str],
        *,
        credentials: tuple[str, str] | None = None,
        caller_name: str = "",
    ) -> Leg:
        """Begin a call to a SIP URI as `info.from_`, shown as `caller_name`; `credentials` (user name,
        password) answer whoever asks for them. Raises NoFreeSlot, and OffhookError for a bad URI."""
        sip_call = await self.engine.dial(
            uri, info.from_, headers, credentials=credentials, caller_name=caller_name
        )
        return self.leg(sip_call, info, {})

    def leg(self, sip_call: SipCall, info: CallInfo, answer_headers: Mapping[str, str]) -> Leg:
        """The leg of a SIP call, with the events that came before there was one."""
        leg = Leg(self.engine, sip_call, info, answer_headers=answer_headers)
        self._legs[sip_call] = leg
        for event in self._early.pop(sip_call, ()):
            self._give(leg, sip_call, event)
        return leg

    def room(self) -> LegRoom:
        """A room for legs of this switchboard; empty, and as such it costs nothing."""
        return LegRoom(self.engine)

    def forget(self, sip_call: SipCall) -> None:
        """No leg will be made for this call."""
        self._early.pop(sip_call, None)

    def _came_in(self, sip_call: SipCall, invite: Invite) -> None:
        self._early[sip_call] = []
        self._on_incoming(Incoming(self, sip_call, invite))

    def _take_event(self, sip_call: SipCall, event: LegEvent) -> None:
        leg = self._legs.get(sip_call)
        if leg is not None:
            self._give(leg, sip_call, event)
        elif sip_call in self._early or not isinstance(event, Over) or not sip_call.is_incoming:
            # One that was dialled may be over, refused at once, before there is a leg for it.
            self._early.setdefault(sip_call, []).append(event)

    def _give(self, leg: Leg, sip_call: SipCall, event: LegEvent) -> None:
        leg.take(event)
        if isinstance(event, Over):
            self._legs.pop(sip_call, None)
