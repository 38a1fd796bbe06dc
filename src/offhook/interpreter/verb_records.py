"""Records of the verbs that have lists of their own: one fact for each that ran, with how it ended.

What was said is not kept, only how much. A prompt inside a Gather belongs to the Gather and has no record.
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from offhook.call.errors import CallEnded, CustomerError, ProviderError
from offhook.call.exchange import without_credentials
from offhook.call.facts import VerbRan
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.voice_rows import VerbKind
from offhook.interpreter.notices import VOICE_ERROR
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, Hold, HoldChanged, Outcome, Play, Refer, Referred, Resume, Say, Verb

COMPLETED, FAILED, IGNORED = "completed", "failed", "ignored"
Details = tuple[tuple[str, str | int | None], ...]


@dataclass(slots=True)
class _Run:
    """One verb's run, while it lasts."""

    outcome: Outcome | None = None
    status: str = COMPLETED
    reason: str = ""
    error_code: int | None = None

    def broke(self, error: BaseException, verb: Verb) -> None:
        """Note why there is no outcome."""
        if isinstance(error, CallEnded) and isinstance(verb, Say | Play) and verb.loop == 0:
            return  # a sound without end ends like that
        self.status = FAILED
        match error:
            case CallEnded():
                self.reason = "hang_up"
            case asyncio.CancelledError():
                self.reason = "cancelled"
            case CustomerError():
                self.reason, self.error_code = error.message, error.code
            case ProviderError():
                self.reason, self.error_code = str(error), VOICE_ERROR
            case _:
                self.reason = str(error) or type(error).__name__


@contextmanager
def recorded(verb: Verb, scene: Scene, record_id: str | None = None) -> Iterator[_Run]:
    """A block in which a verb runs; its record, by `record_id` or a new one, is told when the block is left. The outcome
    is to be given to what the block yields."""
    kind = _kind(verb)
    run = _Run()
    if kind is None:
        yield run
        return
    loop = asyncio.get_running_loop()
    began_at = loop.time()
    try:
        yield run
    except BaseException as error:
        run.broke(error, verb)
        raise
    finally:
        if isinstance(run.outcome, Done) and kind is VerbKind.RESUME:
            run.status, run.reason = IGNORED, "the call was never on hold"
        # What was ignored is told to who gave the record its id, and waits for it; nobody else asks for it.
        if run.status != IGNORED or record_id is not None:
            _tell(verb, kind, run, scene, loop.time() - began_at, record_id or new_id())


def _tell(verb: Verb, kind: VerbKind, run: _Run, scene: Scene, duration_s: float, record_id: str) -> None:
    info = scene.call.info
    if isinstance(run.outcome, HoldChanged):
        run.status = run.outcome.status.value
    if isinstance(run.outcome, Referred):
        _judge(run, run.outcome)
    scene.tools.recorder.emit(
        VerbRan(
            record_id=record_id,
            call_id=info.call_id,
            account_sid=info.account_sid,
            at=scene.tools.wall_clock(),
            kind=kind,
            status=run.status,
            reason=run.reason,
            error_code=run.error_code,
            duration_s=duration_s,
            details=_details(verb, run.outcome, info, scene.tools.voice_name),
        )
    )


def _judge(run: _Run, outcome: Referred) -> None:
    last = outcome.notify_status or outcome.refer_status
    if outcome.failure or outcome.refer_status >= 300 or last >= 300:
        run.status, run.reason = FAILED, outcome.failure


def _kind(verb: Verb) -> VerbKind | None:
    match verb:
        case Say():
            return VerbKind.SAY
        case Play():
            return VerbKind.PLAY
        case Hold():
            return VerbKind.HOLD
        case Resume():
            return VerbKind.RESUME
        case Refer():
            return VerbKind.REFER
        case _:
            return None


def _details(verb: Verb, outcome: Outcome | None, info: CallInfo, voice_name: str) -> Details:
    match verb:
        case Say():
            spoke = outcome.voices if isinstance(outcome, Done) else ()
            return (
                ("provider", ", ".join(spoke) or voice_name),
                ("language", verb.language),
                ("voice", verb.voice),
                ("loop", verb.loop),
                ("character_count", len(verb.text)),
            )
        case Play():
            return (("play_uri", without_credentials(verb.url)), ("loop", verb.loop))
        case Hold() | Resume():
            status = outcome.sip_status if isinstance(outcome, HoldChanged) else None
            return (("sip_response_code", status),)
        case Refer():
            return (("from", _our_side(info)), ("to", verb.to), *_referred(outcome))
        case _:
            return ()


def _our_side(info: CallInfo) -> str:
    return info.to if info.direction is Direction.INBOUND else info.from_


def _referred(outcome: Outcome | None) -> Details:
    if not isinstance(outcome, Referred):
        return ()
    asked = None if outcome.failure else outcome.refer_status
    return (
        ("call_status", outcome.call_status),
        ("refer_sip_response_code", asked),
        ("notify_sip_response_code", outcome.notify_status),
    )
