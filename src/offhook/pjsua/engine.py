"""The owner thread: it alone calls pjsua2, polls it, and passes what happens to the event loop."""

import asyncio
import errno
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar
from urllib.parse import quote

import pjsua2 as pj
import structlog

from offhook.call.errors import NoFreeSlot, OffhookError
from offhook.pjsua.account import IncomingCalls
from offhook.pjsua.build import Build, accounts_of
from offhook.pjsua.c_library import c_library
from offhook.pjsua.cables import Cables
from offhook.pjsua.call_audio import CallAudio
from offhook.pjsua.credentials import Credentials, Identities
from offhook.pjsua.farewell import Farewell
from offhook.pjsua.frames import FrameHub, FramePorts
from offhook.pjsua.gate import LingerGate, RateGate
from offhook.pjsua.invite import Invite
from offhook.pjsua.leg_events import LegEvent
from offhook.pjsua.players import Players
from offhook.pjsua.refer_door import ReferDoor
from offhook.pjsua.referral import Referral
from offhook.pjsua.silence import NO_LIMITS, SilenceLimits
from offhook.pjsua.sip_call import SipCall
from offhook.pjsua.tapes import Tapes
from offhook.pjsua.waker import Waker
from offhook.speech.pcm import SAMPLE_RATE_HZ

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
"""How often calls are looked at whose far end may be gone; it costs 6 µs a call."""
STOP_S = 2.0
"""How long calls may take to end when the engine stops."""
CODECS = {"PCMU/8000/1": 255, "PCMA/8000/1": 254, "G722/16000/1": 200, "opus/48000/2": 190, "GSM/8000/1": 150}
"""In the order of preference; what is not named is offered after them."""


class EngineFailed(OffhookError):
    """SIP could not be started; the text says why, and what to change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Where the engine listens, and what it tells of itself."""

    sip_host: str
    sip_port: int
    """0 takes a free port."""
    rtp_first_port: int
    rtp_ports: int
    """How many ports from the first on; a call takes two."""
    rtp_host: str | None = None
    """Where audio is bound; the address of SIP unless given."""
    public_address: str | None = None
    """What SDP says instead of the bound address; Contact too, unless calls go through a proxy."""
    proxy: str | None = None
    """SIP URI of the proxy in front, which calls that are made go through: `sip:host:port;lr`."""
    silence: SilenceLimits = NO_LIMITS
    """How long a far end may send nothing before its call is ended."""
    user_agent: str = "Offhook"
    library_log_level: int = 0
    """How much PJSIP itself prints: 0 nothing, 4 each message. What goes wrong is told as errors anyway."""


Refusal = Callable[[Invite], int | None]
"""Decides on the owner thread whether an INVITE is refused, and with which SIP status. It must be quick."""


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
        self._calls: set[SipCall] = set()
        self._look_at = 0.0
        self.players = Players()
        """Belongs to the owner thread, as the next two do."""
        self.cables = Cables()
        self.tapes = Tapes(self.cables)
        self._refer_door = ReferDoor(self._referred)
        self._rate = RateGate(build.new_calls_per_s, at=time.monotonic())
        self._linger = LingerGate(handles=build.media_handles)
        self._is_stopping = False
        self.farewell = Farewell()
        """What calls are told that are ended from now on."""
        self._sip_port = settings.sip_port

    @property
    def sip_host(self) -> str:
        """The address that SIP listens on."""
        return self._settings.sip_host

    @property
    def sip_port(self) -> int:
        """The UDP port that SIP listens on."""
        return self._sip_port

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
    ) -> asyncio.Future[SipCall]:
        """Begin a call to a SIP URI as `caller` (a user part), shown as `caller_name`, who has a user name
        and a password for whoever asks for them. The future raises NoFreeSlot or OffhookError."""
        as_whom = name_addr(f"sip:{quote(caller, safe=PLAIN_IN_USER)}@{self._own_host()}", caller_name)
        return self.submit(lambda: self._dial(uri, as_whom, headers, credentials))

    # -- the owner thread from here on -----------------------------------------------------------------

    def _main(self) -> None:
        try:
            self._open()
        except (pj.Error, OSError) as error:
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
        self._carry_out_commands()
        self._take_in_waiting()
        self._look_for_silence(time.monotonic())
        self.players.destroy_rested(time.monotonic())
        self._identities.destroy_left()
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
        for call in tuple(self._calls):
            call.end_if_silent(at)

    def _turn_away(self, call: SipCall, status: int) -> None:
        try:
            call.refuse(status)
        except pj.Error as error:
            log.warning("pjsua.command_failed", error=error.info())

    def _incoming(self, number: int, invite: Invite) -> None:
        self._linger.arrived(time.monotonic())
        call = self._new_call(number)
        call.sip_call_id = invite.sip_call_id
        call.notes.came_in(invite.source, invite.cseq)
        # With the wheel a call keeps its slot while it waits, so that the library itself refuses what comes on top.
        if not self._build.asserts and len(self._waiting) >= self._build.new_calls_per_s * LONGEST_WAIT_S:
            self._turn_away(call, SERVICE_UNAVAILABLE)
        else:
            self._waiting.append((call, invite))

    def _new_call(self, number: int = pj.PJSUA_INVALID_ID, account: pj.Account | None = None) -> SipCall:
        call = SipCall(
            account or self._account,
            sound=CallAudio(self.cables, self.players, self._ports, self.tapes),
            tell=self._tell,
            on_gone=self._gone,
            silence=self._settings.silence,
            farewell=self.farewell,
            number=number,
        )
        self._calls.add(call)
        return call

    def _tell(self, call: SipCall, event: LegEvent) -> None:
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
        self._calls.discard(call)
        self._identities.leave(call)

    def _referred(self, referral: Referral) -> int | None:
        call = next((call for call in self._calls if call.sip_call_id == referral.sip_call_id), None)
        return None if call is None else call.referred(referral)

    def _dial(
        self, uri: str, as_whom: str, headers: Mapping[str, str], credentials: Credentials | None
    ) -> SipCall:
        if len(self._calls) >= self._build.call_slots or self._linger.rest_s(time.monotonic()):
            raise NoFreeSlot(f"all {self._build.call_slots} call slots are taken")
        self._linger.arrived(time.monotonic())
        account = self._identities.with_credentials(credentials) if credentials is not None else None
        call = self._new_call(account=account)
        if account is not None:
            self._identities.enter(call, account)
        try:
            call.dial(uri, as_whom, headers)
        except pj.Error as error:
            self._gone(call)
            if error.status == ADDRESS_IN_USE:
                raise NoFreeSlot("all audio ports are taken; OFFHOOK_RTP_PORTS widens them") from error
            raise OffhookError(f"{uri} cannot be dialled: {error.reason}") from error
        return call

    def _open(self) -> None:
        settings = self._settings
        _say_nothing_before_the_log_is_configured()
        self._endpoint = pj.Endpoint()
        self._endpoint.libCreate()
        self._endpoint.libInit(self._endpoint_config())
        transport = pj.TransportConfig()
        transport.port = settings.sip_port
        transport.boundAddress = settings.sip_host
        transport.publicAddress = "" if settings.proxy else settings.public_address or ""
        transport_id = self._endpoint.transportCreate(pj.PJSIP_TRANSPORT_UDP, transport)
        if settings.sip_port == 0:
            local_name = self._endpoint.transportGetInfo(transport_id).localName
            self._sip_port = int(local_name.rpartition(":")[2])
        self._waker.aim(settings.sip_host, self._sip_port)
        self._endpoint.audDevManager().setNullDev()
        self._endpoint.libStart()
        for codec in self._endpoint.codecEnum2():
            self._endpoint.codecSetPriority(codec.codecId, CODECS.get(codec.codecId, 1))
        self._ports = FramePorts(self._hub)
        self._account = IncomingCalls(self._incoming)
        self._account.create(self._account_config())
        self._identities = Identities(self._account_config, most=accounts_of(self._build))
        self._refer_door.open(f"sip:offhook@{self._own_host()}")

    def _endpoint_config(self) -> pj.EpConfig:
        config = pj.EpConfig()
        config.logConfig.level = config.logConfig.consoleLevel = self._settings.library_log_level
        config.uaConfig.maxCalls = self._build.call_slots
        config.uaConfig.threadCnt = 0
        config.uaConfig.mainThreadOnly = True
        config.uaConfig.userAgent = self._settings.user_agent
        config.medConfig.clockRate = config.medConfig.sndClockRate = SAMPLE_RATE_HZ
        config.medConfig.noVad = True
        config.medConfig.ecTailLen = 0
        config.medConfig.sndAutoCloseTime = -1
        config.medConfig.maxMediaPorts = max(254, 4 * self._build.call_slots)
        return config

    def _account_config(self) -> pj.AccountConfig:
        config = pj.AccountConfig()
        config.idUri = f"sip:offhook@{self._own_host()}"
        if self._settings.proxy:
            config.sipConfig.proxies.append(self._settings.proxy)
        rtp = config.mediaConfig.transportConfig
        rtp.port = self._settings.rtp_first_port
        rtp.portRange = self._settings.rtp_ports - 1  # the library takes first + range for a port of ours too
        rtp.boundAddress = self._settings.rtp_host or self._settings.sip_host
        rtp.publicAddress = self._settings.public_address or ""
        return config

    def _own_host(self) -> str:
        host = self._settings.public_address or self._settings.sip_host
        return f"{host}:{self._sip_port}"

    def _why_it_failed(self, error: pj.Error | OSError) -> str:
        settings = self._settings
        if isinstance(error, pj.Error) and "in use" in error.reason.lower():
            return (
                f"UDP port {settings.sip_port} on {settings.sip_host} is in use by another program; "
                f"stop it or set OFFHOOK_SIP_PORT"
            )
        words = error.info() if isinstance(error, pj.Error) else str(error)
        return f"SIP cannot listen on {settings.sip_host}:{settings.sip_port}: {words}"

    def _close(self) -> None:
        """In this order, or the library aborts: calls, ports, account, library."""
        with suppress(pj.Error):
            self._endpoint.hangupAllCalls()
        deadline = time.monotonic() + STOP_S
        while self._calls and time.monotonic() < deadline:
            self._endpoint.libHandleEvents(IDLE_POLL_MS)
            self._pass_on_news()
        self._carry_out_commands()
        self._waiting.clear()
        for call in tuple(self._calls):
            call.is_over = True
            pj.Call.__swig_destroy__(call)
        self._calls.clear()
        self.tapes.destroy()
        self.players.destroy()
        self._ports.destroy()
        self._identities.destroy()
        self._account.shutdown()
        pj.Account.__swig_destroy__(self._account)
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


PLAIN_IN_USER = "-_.!~*'()&=+$,;?/"
"""What stands in the user of a SIP URI as it is, besides letters and digits (RFC 3261, 25.1)."""


def name_addr(uri: str, name: str) -> str:
    """A SIP address with the name that is shown for it, if there is one."""
    plain = "".join(character for character in name if character.isprintable())
    quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{quoted}" <{uri}>' if plain else f"<{uri}>"


def _say_nothing_before_the_log_is_configured() -> None:
    """The library greets on standard output as soon as it is created, and only a function of its C part,
    which PJSUA2 does not pass on, keeps it from that."""
    with suppress(AttributeError):
        c_library().pj_log_set_level(0)
