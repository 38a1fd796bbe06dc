"""Pairs SIP calls with legs: takes what comes in, dials what goes out, and hands each leg its events."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from offhook.call.info import CallInfo
from offhook.call.timeline import Timeline
from offhook.call.trunks import Srtp, Way
from offhook.pjsua.build import Build
from offhook.pjsua.engine import Engine, Refusal
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.fail_over import NO_ANSWER_S, FailOver, PassedOver
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg import Leg
from offhook.pjsua.leg_events import LegEvent, NotHeard, Over
from offhook.pjsua.room import LegRoom
from offhook.pjsua.sip_call import SipCall
from offhook.pjsua.sip_uris import goes_past_proxy

PATIENCE_HEADER = "X-Offhook-Patience"
"""Tells a proxy in front, which answers 100 itself, how long its next hop may say nothing; it goes no further."""
NEXT_HOP_HEADER = "X-Offhook-Next-Hop"
"""Tells a proxy in front where a request goes: a SIP URI with an address, which nobody need look up; it goes no further."""

TO_THE_PROXY = frozenset({PATIENCE_HEADER.lower(), NEXT_HOP_HEADER.lower()})
"""Nobody's words but ours: who else could say them would send a trunk's calls, and what proves us to it, to a host of their own."""


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
        self.is_behind = settings.proxy is not None
        """Whether there is a proxy in front, through which all calls go."""
        self.on_not_heard: Callable[[CallInfo, str], None] | None = None
        """Hears of calls in which audio goes one way only, and why."""
        self._legs: dict[SipCall, Leg] = {}
        self._early: dict[SipCall, list[LegEvent]] = {}
        self._fail_overs: dict[SipCall, FailOver] = {}
        self._left: set[SipCall] = set()
        """Those that were ended since another way is tried."""
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
        srtp: Srtp = Srtp.OFF,
        place: str = "",
    ) -> Leg:
        """Begin a call to a SIP URI as `info.from_`, shown as `caller_name`; `credentials` (user name,
        password) answer whoever asks for them; `place` is where a proxy in front sends it. Raises NoFreeSlot, and
        OffhookError for a bad URI."""
        headers = _without_ours(headers)
        if place and self._goes_by_proxy(uri):
            headers = {**headers, NEXT_HOP_HEADER: place}
        sip_call = await self.engine.dial(
            uri, info.from_, headers, credentials=credentials, caller_name=caller_name, srtp=srtp
        )
        return self.leg(sip_call, info, {})

    async def dial_ways(
        self,
        info: CallInfo,
        ways: Sequence[Way],
        headers: Mapping[str, str],
        *,
        caller_name: str = "",
        passed_over: PassedOver,
        place_of: Callable[[Way], Awaitable[str]] | None = None,
        patience_s: float = NO_ANSWER_S,
    ) -> Leg:
        """Begin a call by the first of these ways that leads to the called side; what becomes of the others is told to
        `passed_over`. `place_of` gives the address that a way leads to, as a SIP URI, and raises OffhookError for one that cannot
        be gone. Raises NoFreeSlot, and OffhookError where none could be begun."""
        leg: Leg | None = None

        async def dial(way: Way, has_another: bool) -> SipCall:
            place = await place_of(way) if place_of is not None else ""
            more = {}
            goes_by_proxy = self._goes_by_proxy(way.uri)
            if has_another and goes_by_proxy:
                more[PATIENCE_HEADER] = f"{patience_s:g}"
            if place and goes_by_proxy:
                more[NEXT_HOP_HEADER] = place
            return await self.engine.dial(
                way.uri,
                way.caller or info.from_,
                {**_without_ours(headers), **more},
                credentials=way.credentials,
                caller_name=caller_name,
                srtp=way.srtp,
                timeline=leg.timeline if leg is not None else None,
                route="" if goes_by_proxy else way.route,
            )

        def go_on(sip_call: SipCall) -> None:
            assert leg is not None
            if leg.is_ending:
                self._leave(sip_call)
                return
            leg.goes_on_with(sip_call)
            self._fail_overs[sip_call] = fail_over
            self._connect(leg, sip_call)

        fail_over = FailOver(
            ways,
            dial=dial,
            passed_over=passed_over,
            go_on=go_on,
            leave=self._leave,
            end=lambda over: leg.take(over) if leg is not None else None,
            is_wanted=lambda: leg is not None and not leg.is_ending,
            patience_s=patience_s,
        )
        sip_call = await fail_over.begin()
        self._fail_overs[sip_call] = fail_over
        leg = self.leg(sip_call, info, {})
        return leg

    def leg(self, sip_call: SipCall, info: CallInfo, answer_headers: Mapping[str, str]) -> Leg:
        """The leg of a SIP call, with the events that came before there was one."""
        leg = Leg(self.engine, sip_call, info, answer_headers=answer_headers)
        self._connect(leg, sip_call)
        return leg

    def _goes_by_proxy(self, uri: str) -> bool:
        return self.is_behind and not goes_past_proxy(uri)

    def room(self) -> LegRoom:
        """A room for legs of this switchboard; empty, and as such it costs nothing."""
        return LegRoom(self.engine)

    def forget(self, sip_call: SipCall) -> None:
        """No leg will be made for this call."""
        self._early.pop(sip_call, None)

    def _connect(self, leg: Leg, sip_call: SipCall) -> None:
        self._legs[sip_call] = leg
        for event in self._early.pop(sip_call, ()):
            self._give(leg, sip_call, event)

    def _leave(self, sip_call: SipCall) -> None:
        """End a call of which nobody wants to hear any more."""
        self._legs.pop(sip_call, None)
        self._fail_overs.pop(sip_call, None)
        if not any(isinstance(event, Over) for event in self._early.pop(sip_call, ())):
            self._left.add(sip_call)
        self.engine.post(sip_call.end)

    def _came_in(self, sip_call: SipCall, invite: Invite) -> None:
        self._early[sip_call] = []
        self._on_incoming(Incoming(self, sip_call, invite))

    def _take_event(self, sip_call: SipCall, event: LegEvent) -> None:
        leg = self._legs.get(sip_call)
        if sip_call in self._left:
            if isinstance(event, Over):
                self._left.discard(sip_call)
        elif leg is not None:
            self._give(leg, sip_call, event)
        elif sip_call in self._early or not isinstance(event, Over) or not sip_call.is_incoming:
            # One that was dialled may be over, refused at once, before there is a leg for it.
            self._early.setdefault(sip_call, []).append(event)

    def _give(self, leg: Leg, sip_call: SipCall, event: LegEvent) -> None:
        fail_over = self._fail_overs.pop(sip_call, None)
        if fail_over is None or not fail_over.keeps(event):
            leg.take(event)
        if isinstance(event, NotHeard) and self.on_not_heard is not None:
            self.on_not_heard(leg.info, event.why)
        if isinstance(event, Over):
            self._legs.pop(sip_call, None)


def _without_ours(headers: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in headers.items() if name.lower() not in TO_THE_PROXY}
