"""Makes one call and follows a script.

Between steps the phone behaves like a polite person: it lets the far end finish. A `--wait` before a step takes
that politeness away, and the step comes exactly then.
"""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from offhook.call.ending import EndCause, Ending
from offhook.call.errors import CallEnded, OffhookError
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.port import Audio
from offhook.interpreter.prompts import write_wav
from offhook.phone.hearing import Hearing
from offhook.phone.report import CallReport, Deed, HeardKey
from offhook.phone.script import Press, Speak, Step, Wait
from offhook.pjsua.build import installed_build
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Switchboard
from offhook.speech.pcm import duration_s

PATIENCE_S = 10.0
"""How long the far end may be silent before the phone takes its turn."""
FIRST_PATIENCE_S = 3.0
QUIET_S = 0.7
LONGEST_TURN_S = 60.0
OK, REQUEST_TIMEOUT = 200, 408

SpeakText = Callable[[str], Awaitable[bytes]]
"""Makes PCM of a text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneSettings:
    """How the phone calls."""

    caller: str = "offhook"
    """The user part that the far end sees."""
    headers: tuple[tuple[str, str], ...] = ()
    ring_timeout_s: float = 60.0
    longest_call_s: float = 600.0
    rtp_first_port: int = 40000
    rtp_ports: int = 400


class Phone:
    """One call. Make it, `call` once, and read `report` and `hearing`."""

    def __init__(self, uri: str, steps: Sequence[Step], settings: PhoneSettings, *, speak: SpeakText) -> None:
        self._uri = uri
        self._steps = steps
        self._settings = settings
        self._speak = speak
        self._loop = asyncio.get_running_loop()
        self._dialled_at = self._loop.time()
        self.report = CallReport(uri=uri)
        """What the call was like."""
        self.hearing = Hearing(self._now)
        """What was heard."""

    @property
    def seconds_since_dialled(self) -> float:
        """How long ago the phone dialled."""
        return self._now()

    async def call(self) -> CallReport:
        """Make the call. Raises EngineFailed where SIP cannot be started, OffhookError for a bad URI."""
        spoken = {step.text: await self._speak(step.text) for step in self._steps if isinstance(step, Speak)}
        switchboard = Switchboard(
            EngineSettings(
                sip_host="127.0.0.1" if _is_loopback(self._uri) else "0.0.0.0",
                sip_port=0,
                rtp_first_port=self._settings.rtp_first_port,
                rtp_ports=self._settings.rtp_ports,
            ),
            installed_build(),
            refuse=lambda _invite: OK + 286,
            on_incoming=lambda incoming: incoming.refuse(486),
        )
        await switchboard.start()
        try:
            with tempfile.TemporaryDirectory(prefix="offhook-phone-") as folder:
                await self._call(switchboard, spoken, Path(folder))
        finally:
            await switchboard.stop()
        self.report.sounds = self.hearing.sounds
        return self.report

    async def _call(self, switchboard: Switchboard, spoken: dict[str, bytes], folder: Path) -> None:
        self._dialled_at = self._loop.time()
        leg = await switchboard.dial(self._info(), self._uri, dict(self._settings.headers))
        try:
            async with leg.alive():
                if not await self._connect(leg):
                    return
                async with asyncio.timeout(self._settings.longest_call_s):
                    with leg.keys(self._heard_key), leg.listen(self.hearing.hear):
                        await self._follow(leg, spoken, folder)
                self.report.script_finished = True
        except CallEnded as ended:
            self._ended(ended.ending)
        except TimeoutError:
            self.report.reason = f"the call was longer than {self._settings.longest_call_s:g} s"
        finally:
            if not self.report.ended_by:
                self.report.ended_by = "phone"
                self.report.ended_at = self._now()
            await leg.hang_up()

    async def _connect(self, leg: Leg) -> bool:
        try:
            async with asyncio.timeout(self._settings.ring_timeout_s):
                await leg.rung()
                self.report.rang_at = self._now()
                await leg.connected()
        except TimeoutError:
            self.report.sip_status = REQUEST_TIMEOUT
            self.report.reason = f"no answer within {self._settings.ring_timeout_s:g} s"
            return False
        self.report.connected = True
        self.report.sip_status = OK
        self.report.answered_at = self._now()
        return True

    async def _follow(self, leg: Leg, spoken: dict[str, bytes], folder: Path) -> None:
        since, is_timed, patience_s = self._now(), False, FIRST_PATIENCE_S
        for step in self._steps:
            if isinstance(step, Wait):
                self._did("waited", f"{step.seconds:g} s")
                await asyncio.sleep(step.seconds)
                is_timed = True
                continue
            if not is_timed:
                await self._their_turn(since, patience_s)
            await self._do(step, leg, spoken, folder)
            since, is_timed, patience_s = self._now(), False, PATIENCE_S
        if not is_timed:
            await self._their_turn(since, patience_s)

    async def _their_turn(self, since: float, patience_s: float) -> None:
        await self.hearing.their_turn(
            since=since, patience_s=patience_s, quiet_s=QUIET_S, longest_s=LONGEST_TURN_S
        )

    async def _do(self, step: Speak | Press, leg: Leg, spoken: dict[str, bytes], folder: Path) -> None:
        match step:
            case Speak(text):
                self._did("said", text)
                path = folder / f"{new_id()}.wav"
                write_wav(path, spoken[text])
                await leg.play(Audio(path=path, duration_s=duration_s(spoken[text]), label=text))
            case Press(keys):
                self._did("pressed", keys)
                await leg.send_keys(keys)

    def _did(self, what: str, value: str) -> None:
        self.report.did.append(Deed(at=self._now(), what=what, value=value))

    def _heard_key(self, key: str) -> None:
        self.report.keys.append(HeardKey(at=self._now(), key=key))

    def _ended(self, ending: Ending) -> None:
        report = self.report
        report.ended_at = self._now()
        report.ended_by = "far end" if ending.cause in (EndCause.FAR_END, EndCause.REFUSED) else "network"
        if not report.connected:
            report.sip_status = ending.sip_status
        report.reason = ending.reason

    def _info(self) -> CallInfo:
        return CallInfo(
            call_id=new_id(),
            account_sid="",
            direction=Direction.OUTBOUND_API,
            from_=self._settings.caller,
            to=self._uri,
            created_at=datetime.now(UTC),
        )

    def _now(self) -> float:
        return self._loop.time() - self._dialled_at


def _is_loopback(uri: str) -> bool:
    host = uri.partition("@")[2] or uri.partition(":")[2]
    return host.startswith(("127.", "localhost"))


def sip_uri(text: str, *, default_host: str = "127.0.0.1:5060") -> str:
    """The SIP URI that somebody means by `1000`, `1000@host` or `sip:1000@host`. Raises OffhookError."""
    uri = text if text.lower().startswith(("sip:", "sips:")) else f"sip:{text}"
    scheme, _, rest = uri.partition(":")
    if not rest or any(character.isspace() or character in '<>"' for character in rest):
        raise OffhookError(f"{text!r} is no SIP URI; write sip:1000@127.0.0.1:5060")
    is_host = uri is text and any(character in rest for character in ".:")
    return uri if "@" in rest or is_host else f"{scheme}:{rest}@{default_host}"
