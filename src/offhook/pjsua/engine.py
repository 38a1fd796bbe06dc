"""The owner thread: it alone calls pjsua2, polls it, and passes what happens to the event loop."""

import asyncio
import errno
import operator
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import pjsua2 as pj
import structlog

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.call.timeline import Timeline
from offhook.call.trunks import SipTransport, Srtp
from offhook.pjsua.accounts import PLAIN, MediaKind, OwnAccounts
from offhook.pjsua.build import Build, accounts_of, handles_of, has_ipv6
from offhook.pjsua.c_library import c_library, keep_long_requests_on_udp, tell_no_host_name
from offhook.pjsua.cables import Cables
from offhook.pjsua.call_audio import CallAudio
from offhook.pjsua.call_connections import CallConnections
from offhook.pjsua.connections import Connections
from offhook.pjsua.contact_door import ContactDoor
from offhook.pjsua.credentials import Credentials, Identities
from offhook.pjsua.doors import Doors
from offhook.pjsua.endpoint import Endpoint
from offhook.pjsua.engine_settings import EngineSettings, account_config, endpoint_config, set_codecs
from offhook.pjsua.farewell import Farewell
from offhook.pjsua.frames import FrameHub, FramePorts
from offhook.pjsua.front_door import FrontDoor
from offhook.pjsua.gate import LingerGate, RateGate
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg_events import LegEvent, Over
from offhook.pjsua.listeners import ListenerFailed, Listeners
from offhook.pjsua.local_networks import LocalNetworks
from offhook.pjsua.media_guard import MediaGuards
from offhook.pjsua.newcomers import Newcomers
from offhook.pjsua.own_contact import listens_at, told_of
from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.players import Players
from offhook.pjsua.registration import RegistrarSaid, Registrations
from offhook.pjsua.running_calls import RunningCalls
from offhook.pjsua.sip_call import SipCall
from offhook.pjsua.sip_uris import goes_past_proxy, is_ipv6, name_addr, own_address, transport_of
from offhook.pjsua.tapes import Tapes
from offhook.pjsua.unsent import why_not_sent
from offhook.pjsua.waker import Waker
from offhook.tls_files import TlsFilesUnusable

log = structlog.get_logger()

T = TypeVar("T")

BUSY_POLL_MS = 10
"""While there are calls, a key waits this long at most before it is told; commands wake the thread by
themselves."""
IDLE_POLL_MS = 20
SWITCH_INTERVAL_S = 0.0002
"""Python's default of 5 ms lets one busy thread hold up SIP and audio."""
ADDRESS_IN_USE = 120000 + errno.EADDRINUSE
"""As the library says it: PJ_ERRNO_START_SYS and the system's own number."""
LONGEST_WAIT_S = 0.25
"""How long a call may wait to be taken in where the library itself would not break."""
SERVICE_UNAVAILABLE = 503
LOOK_EVERY_S = 1.0
"""How often calls are looked at whose far end may be gone; it costs some 12 µs a call."""
NO_IPV6 = "which is not open: set OFFHOOK_SIP_HOST_IPV6, with a build of PJSIP that knows it (`make engine`)"
STOP_S = 2.0
"""How long calls may take to end when the engine stops."""


class EngineFailed(OffhookError):
    """SIP could not be started; the text says why, and what to change."""


Refusal = Callable[[Invite], int | None]
"""Decides on the owner thread whether an INVITE is refused, and with which SIP status. It must be quick. Of one that comes from
who may not call it is asked before the INVITE takes a slot, and again once it has one."""


class Engine:
    """PJSUA2 on its own thread. All methods but `stop_now` belong to the event loop."""

    def __init__(
        self,
        settings: EngineSettings,
        build: Build,
        *,
        refuse: Refusal,
        on_call: Callable[[SipCall, Invite], None],
        on_event: Callable[[SipCall, LegEvent], None],
    ) -> None:
        """`refuse` runs on the owner thread, `on_call` and `on_event` on the loop that runs `start`."""
        self._settings = settings
        self._build = build
        self._refuse = refuse
        self._on_call = on_call
        self._on_event = on_event
        self._thread = threading.Thread(target=self._main, name="pjsua", daemon=True)
        self._commands: deque[tuple[Callable[[], Any], asyncio.Future[Any] | None, str | None]] = deque()
        self._waiting: deque[tuple[SipCall, Invite]] = deque()
        self._waker = Waker()
        self._news: list[Callable[[], None]] = []
        """What the event loop is to be told after this poll."""
        self._calls = RunningCalls(lambda one, other: self.is_one(one, other))
        self._look_at = 0.0
        self.players = Players()
        """Belongs to the owner thread, as the next two do."""
        self.cables = Cables()
        self.tapes = Tapes(self.cables)
        self._guards = MediaGuards()
        self.is_one: Callable[[IpAddress, IpAddress], bool] = operator.eq
        """Whether two addresses are those of one far end, such as a carrier with many; the owner thread asks."""
        self._rate = RateGate(build.new_calls_per_s, at=time.monotonic())
        self._linger = LingerGate(handles=build.media_handles)
        self._is_stopping = False
        self.farewell = Farewell()
        """What calls are told that are ended from now on."""
        self.on_registrar: Callable[[str, RegistrarSaid], None] | None = None
        """Hears on the event loop what registrars answer."""
        self.connections = Connections(handles=handles_of(build), ports=lambda: self._listeners.ports)
        """Of others; the owner thread's."""
        self.newcomers = Newcomers(
            refuse,
            may_call=lambda address: self.connections.may_call(address),
            on_proven=self.connections.proven,
        )
        """Of new calls, and who proves what; the owner thread's."""
        self._call_connections = CallConnections(self._calls.contact_of, on_used=self.connections.proven)
        self._doors = self._made_doors()
        self._listeners = Listeners(
            hosts=settings.hosts,
            port=settings.sip_port,
            public_address="" if settings.proxy else settings.public_address or "",
            tls=settings.tls,
        )
        self._sip_port = settings.sip_port
        self._local_networks = _local_networks_of(settings)

    def _made_doors(self) -> Doors:
        packet_bytes = self._build.limits.get("PJSIP_MAX_PKT_LEN")
        # An edge corrects what it passes on; past it goes TLS alone.
        contacts = ContactDoor(
            (SipTransport.TLS,) if self._settings.proxy else tuple(SipTransport),
            is_direct=self._calls.is_direct,
        )
        front = FrontDoor(
            self._calls.is_stranger,
            packet_bytes,
            of_caller=self.newcomers.refused,
            pins_sources=self._settings.pins_sources,
            has_ipv6=self._settings.ipv6_host is not None,
            contacts=contacts,
        )
        front.heard = lambda transport: self.connections.heard(transport, time.monotonic())
        front.asked = self._call_connections.came
        return Doors(
            front,
            packet_bytes,
            has_call=self._calls.has,
            contacts=contacts,
            answered_elsewhere=self._calls.answered_elsewhere,
            referred=self._calls.referred,
            keyed=self._calls.keyed,
        )

    @property
    def sip_host(self) -> str:
        """The address that SIP listens on."""
        return self._settings.sip_host

    @property
    def sip_port(self) -> int:
        """The port that SIP listens on; of UDP where it listens on that."""
        return self._sip_port

    def port_of(self, transport: SipTransport) -> int | None:
        """The port of a transport, once it is open; None where SIP does not listen on it."""
        return self._listeners.port_of(transport)

    @property
    def build(self) -> Build:
        """The PJSIP build at work."""
        return self._build

    @property
    def calls_held(self) -> int:
        """How many slots are taken, by calls that run, wait, or end."""
        return len(self._calls)

    @property
    def legs_listened_to(self) -> int:
        """How many calls' audio comes into Python; all other audio stays native."""
        return self._ports.lent

    async def start(self) -> None:
        """Listen. Raises EngineFailed."""
        if self._settings.ipv6_host is not None and not has_ipv6(self._build):
            raise EngineFailed(
                f"{self._build.name} speaks no IPv6, and OFFHOOK_SIP_HOST_IPV6 is set: unset it, or build PJSIP (make engine)"
            )
        self._loop = asyncio.get_running_loop()
        self._hub = FrameHub(self._loop)
        self._opened: asyncio.Future[None] = self._loop.create_future()
        sys.setswitchinterval(SWITCH_INTERVAL_S)
        self._thread.start()
        await self._opened

    async def stop(self) -> None:
        """End all calls politely and let go of everything; takes 2 s at most."""
        self._is_stopping = True
        await asyncio.to_thread(self._thread.join, STOP_S + 1.0)

    def submit(self, command: Callable[[], T]) -> asyncio.Future[T]:
        """Have the owner thread do something; the future holds what came of it."""
        future: asyncio.Future[T] = self._loop.create_future()
        self._commands.append((command, future, None))
        self._waker.wake()
        return future

    def post(self, command: Callable[[], object]) -> None:
        """Have the owner thread do something; nobody waits for it."""
        # The owner thread knows nothing of whose call it works for; what it logs of the command names it.
        self._commands.append((command, None, structlog.contextvars.get_contextvars().get("call_id")))
        self._waker.wake()

    def dial(
        self,
        uri: str,
        caller: str,
        headers: Mapping[str, str],
        *,
        credentials: Credentials | None = None,
        caller_name: str = "",
        srtp: Srtp = Srtp.OFF,
        timeline: Timeline | None = None,
        route: str = "",
    ) -> asyncio.Future[SipCall]:
        """Begin a call to a SIP URI as `caller` (a user part), shown as `caller_name`, who has a user name
        and a password for whoever asks for them. It goes by the URI's own `;transport=`, its audio by `srtp`.
        A `timeline` goes on in it; a `route` is the SIP URI of its first hop. The future raises NoFreeSlot or OffhookError."""
        inner = self._local_networks.of_uri(uri, transport_of(uri))
        is_behind, is_past = self._settings.proxy is not None, goes_past_proxy(uri)
        kind = MediaKind(
            is_ipv6(uri),
            srtp,
            inner,
            is_past_proxy=is_behind and is_past,
            is_crossed=is_ipv6(uri) and is_behind and not is_past,
            by=told_of(self._settings, uri),
        )
        as_whom = name_addr(own_address(caller, self._own_host(kind)), caller_name)
        return self.submit(lambda: self._dial(uri, as_whom, headers, credentials, kind, timeline, route))

    def set_public_address(self, address: str) -> None:
        """The outside reaches us by another address: SDP says it in calls that begin from now on."""
        self.post(lambda: self._set_public_address(address))

    # -- the owner thread from here on -----------------------------------------------------------------

    def _main(self) -> None:
        try:
            self._open()
        except (pj.Error, OSError, ListenerFailed, TlsFilesUnusable) as error:
            failure = EngineFailed(self._why_it_failed(error))
            self._destroy_library()
            self._loop.call_soon_threadsafe(self._opened.set_exception, failure)
            return
        self._loop.call_soon_threadsafe(self._opened.set_result, None)
        while not self._is_stopping:
            self._poll_once()
        self._close()

    def _poll_once(self) -> None:
        self._endpoint.libHandleEvents(BUSY_POLL_MS if self._calls else IDLE_POLL_MS)
        self._doors.polled()
        self._call_connections.polled()
        self._carry_out_commands()
        self._take_in_waiting()
        self._guards.look(time.monotonic())
        self._look_for_silence(time.monotonic())
        self.players.destroy_rested(time.monotonic())
        self._identities.destroy_left()
        self.registrations.destroy_left(time.monotonic())
        self._listeners.follow_files(time.monotonic())
        self.connections.look(time.monotonic())
        self._endpoint.dead_sockets.look(time.monotonic())
        self._pass_on_news()
        if rest_s := self._linger.rest_s(time.monotonic()):
            log.warning("pjsua.resting", seconds=round(rest_s, 3), reason="too many new calls at once")
            self._rest_until(time.monotonic() + rest_s)

    def _rest_until(self, moment: float) -> None:
        while (left := moment - time.monotonic()) > 0:
            self._carry_out_commands()
            self._pass_on_news()
            time.sleep(min(left, BUSY_POLL_MS / 1000))

    def _carry_out_commands(self) -> None:
        self._waker.is_awake()
        while self._commands:
            command, future, call_id = self._commands.popleft()
            try:
                outcome = command()
            except (pj.Error, OffhookError) as error:
                fault = error if isinstance(error, OffhookError) else OffhookError(error.info())
                if future is None:
                    log.warning("pjsua.command_failed", call_id=call_id, error=str(fault))
                else:
                    self._news.append(partial(_reject, future, fault))
            else:
                if future is not None:
                    self._news.append(partial(_resolve, future, outcome))

    def _take_in_waiting(self) -> None:
        while self._waiting:
            call, invite = self._waiting[0]
            if call.is_over:
                self._waiting.popleft()
                continue
            if not self._rate.passes(time.monotonic()):
                return
            self._waiting.popleft()
            status = self._refuse(invite)
            if status is None:
                self._news.append(partial(self._on_call, call, invite))
            else:
                self._turn_away(call, status)

    def _look_for_silence(self, at: float) -> None:
        if at < self._look_at:
            return
        self._look_at = at + LOOK_EVERY_S
        for call in self._calls:
            call.end_if_silent(at)

    def _turn_away(self, call: SipCall, status: int) -> None:
        try:
            call.refuse(status)
        except pj.Error as error:
            log.warning("pjsua.command_failed", error=error.info())

    def _incoming(self, number: int, invite: Invite) -> None:
        invite = self.newcomers.known(invite)
        for _ in range(max(1, invite.audio_streams)):
            self._linger.arrived(time.monotonic())
        call = self._new_call(number)
        call.sip_call_id, call.hosts, call.is_direct = invite.sip_call_id, invite.hosts, invite.is_direct
        call.notes.came_in(invite.source, invite.cseq)
        # With the wheel a call keeps its slot while it waits, so that the library itself refuses what comes on top.
        if not self._build.asserts and len(self._waiting) >= self._build.new_calls_per_s * LONGEST_WAIT_S:
            self._turn_away(call, SERVICE_UNAVAILABLE)
        else:
            self._waiting.append((call, invite))

    def _new_call(
        self,
        number: int = pj.PJSUA_INVALID_ID,
        account: pj.Account | None = None,
        timeline: Timeline | None = None,
    ) -> SipCall:
        call = SipCall(
            account or self._accounts.plain,
            sound=CallAudio(self.cables, self.players, self._ports, self.tapes),
            tell=self._tell,
            on_gone=self._gone,
            silence=self._settings.silence,
            farewell=self.farewell,
            guards=self._guards,
            number=number,
            timeline=timeline,
        )
        self._calls.add(call)
        return call

    def _tell_registrar(self, key: str, said: RegistrarSaid) -> None:
        if self.on_registrar is not None:
            self._news.append(partial(self.on_registrar, key, said))

    def _tell(self, call: SipCall, event: LegEvent) -> None:
        if isinstance(event, Over):
            event = Over(self._endpoint.with_words(event.ending))
        self._news.append(partial(self._on_event, call, event))

    def _pass_on_news(self) -> None:
        """All that happened in one poll, with one waking of the event loop."""
        if self._news:
            news, self._news = self._news, []
            self._loop.call_soon_threadsafe(self._take_news, news)

    def _take_news(self, news: list[Callable[[], None]]) -> None:
        for tell in news:
            try:
                tell()
            except Exception as error:  # noqa: BLE001  # what one call makes of its news is not the others' business
                self._loop.call_exception_handler({"message": "a call broke on its news", "exception": error})

    def _gone(self, call: SipCall) -> None:
        self._calls.remove(call)
        self._identities.leave(call)
        self._call_connections.over(call.sip_call_id)

    def _dial(
        self,
        uri: str,
        as_whom: str,
        headers: Mapping[str, str],
        credentials: Credentials | None,
        kind: MediaKind,
        timeline: Timeline | None,
        route: str,
    ) -> SipCall:
        self._check_way(uri, kind)
        if len(self._calls) >= self._build.call_slots or self._linger.rest_s(time.monotonic()):
            raise NoFreeSlot(f"all {self._build.call_slots} call slots are taken")
        self._linger.arrived(time.monotonic())
        # The engine's own accounts take what comes in; of them the plain one calls as well.
        is_own = credentials is not None or kind != PLAIN or route
        account = self._identities.get(credentials, kind, route) if is_own else None
        call = self._new_call(account=account, timeline=timeline)
        call.can_authenticate = credentials is not None
        if account is not None:
            self._identities.enter(call, credentials, kind, route)
        try:
            call.dial(uri, as_whom, headers)
        except pj.Error as error:
            self._gone(call)
            if error.status == ADDRESS_IN_USE:
                raise NoFreeSlot("all audio ports are taken; OFFHOOK_RTP_PORTS widens them") from error
            raise OffhookError(f"{uri} cannot be dialled: {why_not_sent(error)}") from error
        return call

    def _check_way(self, uri: str, kind: MediaKind) -> None:
        if kind.is_ipv6 and self._settings.ipv6_host is None:
            raise OffhookError(f"{uri} is called over IPv6, {NO_IPV6}")
        if self._settings.proxy and not kind.is_past_proxy:  # which has the ways out
            return
        transport = transport_of(uri)
        if transport not in self._settings.transports:
            if kind.is_past_proxy:
                raise OffhookError(
                    f"{uri} is called over tls, which is not open: name it in OFFHOOK_SIP_TRANSPORTS"
                )
            open_ones = ", ".join(self._settings.transports)
            raise OffhookError(
                f"{uri} is called over {transport}, which is not open: OFFHOOK_SIP_TRANSPORTS is {open_ones}"
            )

    def _open(self) -> None:
        settings = self._settings
        _say_nothing_before_the_log_is_configured()
        self._endpoint = Endpoint()
        self._endpoint.connections, self._endpoint.call_connections = self.connections, self._call_connections
        self._endpoint.libCreate()
        self._endpoint.libInit(endpoint_config(settings, self._build))
        keep_long_requests_on_udp()
        tell_no_host_name()
        self._listeners.open(self._endpoint, settings.transports)
        self._sip_port = self._listeners.port_of(settings.transports[0]) or settings.sip_port
        self._waker.aim(*self._listeners.bell)
        self._endpoint.audDevManager().setNullDev()
        self._endpoint.libStart()
        set_codecs(self._endpoint, settings.codecs)
        self._ports = FramePorts(self._hub)
        self._accounts = OwnAccounts(self._account_config, self._incoming, self._local_networks)
        self._accounts.create(has_ipv6=settings.ipv6_host is not None, srtp=settings.srtp)
        self._endpoint.accounts = self._accounts
        others = accounts_of(self._build) - len(self._accounts)
        if self._local_networks:
            self._accounts.reserve(others // 3)
            others -= others // 3
        self.registrations = Registrations(
            self._account_config,
            self._incoming,
            tell=self._tell_registrar,
            told_of=lambda uri: told_of(self._settings, uri),
            most=others,
        )
        self._identities = Identities(self._account_config, most=lambda: others - len(self.registrations))
        self._call_connections.open()
        self._doors.open(f"sip:offhook@{self._own_host()}")

    def _set_public_address(self, address: str) -> None:
        self._settings = replace(self._settings, public_address=address)
        self._local_networks.moved(address)
        self._accounts.set_public_address(address)

    def _account_config(self, kind: MediaKind) -> pj.AccountConfig:
        if kind.is_ipv6 and self._settings.ipv6_host is None:  # the wheel would end the process
            raise OffhookError(f"it is reached over IPv6, {NO_IPV6}")
        at = listens_at(self._settings, kind, self._listeners.port_of)
        return account_config(self._settings, self._own_host(kind), kind, listens_at=at)

    def _own_host(self, kind: MediaKind = PLAIN) -> str:
        if kind.is_signalled_by_ipv6:
            return f"[{self._settings.ipv6_host}]:{self._sip_port}"
        if kind.inner is not None:
            return f"{kind.inner.address}:{self._listeners.port_of(kind.inner.transport) or self._sip_port}"
        host = self._settings.public_address or self._settings.sip_host
        return f"{host}:{self._sip_port}"

    def _why_it_failed(self, error: pj.Error | OSError | OffhookError) -> str:
        settings = self._settings
        if isinstance(error, OffhookError):
            return str(error)
        words = error.info() if isinstance(error, pj.Error) else str(error)
        return f"SIP cannot listen on {settings.sip_host}:{settings.sip_port}: {words}"

    def _close(self) -> None:
        """In this order, or the library aborts: calls, ports, account, library."""
        with suppress(pj.Error):
            self._endpoint.hangupAllCalls()
        deadline = time.monotonic() + STOP_S
        self.registrations.end_all(time.monotonic())
        while (self._calls or self.registrations.is_leaving) and time.monotonic() < deadline:
            self._endpoint.libHandleEvents(IDLE_POLL_MS)
            self.registrations.destroy_left(time.monotonic())
            self._pass_on_news()
        self._carry_out_commands()
        self._waiting.clear()
        for call in self._calls:
            call.is_over = True
            pj.Call.__swig_destroy__(call)
            self._calls.remove(call)
        self.tapes.destroy()
        self.players.destroy()
        self._ports.destroy()
        self._identities.destroy()
        self.registrations.destroy()
        self._accounts.destroy()
        self._destroy_library()
        self._pass_on_news()

    def _destroy_library(self) -> None:
        self._waker.close()
        self._endpoint.libDestroy(pj.PJSUA_DESTROY_NO_NETWORK)
        pj.Endpoint.__swig_destroy__(self._endpoint)  # there may be only one, and a next engine makes its own


def _resolve(future: asyncio.Future[Any], outcome: object) -> None:
    if not future.done():
        future.set_result(outcome)


def _reject(future: asyncio.Future[Any], fault: OffhookError) -> None:
    if not future.done():
        future.set_exception(fault)


def _say_nothing_before_the_log_is_configured() -> None:
    """The library greets on standard output as soon as it is created, and only a function of its C part,
    which PJSUA2 does not pass on, keeps it from that."""
    with suppress(AttributeError):
        c_library().pj_log_set_level(0)


def _local_networks_of(settings: EngineSettings) -> LocalNetworks:
    # Without a public address there is only one that could be told.
    networks = settings.local_networks if settings.public_address else ()
    tells = not settings.proxy and set(settings.transports) - {SipTransport.UDP}
    return LocalNetworks(
        networks,
        settings.rtp_host or settings.sip_host,
        public_address=(tells and settings.public_address) or "",
    )
