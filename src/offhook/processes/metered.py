"""What passes through a process is counted on its way: facts to the recorder, reports to the outbox.

The ports are the same on both sides.
"""

from collections.abc import Callable

from offhook.call.delivery import DeliveryEnd, DeliveryReport
from offhook.call.facts import CallFinished, CallStarted, Fact, GatherFinished, TimelineKept
from offhook.call.info import CallStatus
from offhook.call.rows import OutboxItem
from offhook.interpreter.ports import Recorder
from offhook.metrics import Counter, Meter
from offhook.webhooks.dispatcher import Outbox

RINGING_S = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0)
JITTER_S = (0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2)
MEDIA = "media"
"""The event of a timeline that tells how a call's audio travelled."""
PACKETS = ("received", "lost", "discarded", "sent", "lost_there")


def calls_ended(meter: Meter) -> Counter:
    """The counter of calls that came to their end."""
    return meter.counter(
        "offhook_calls_ended", "Calls that came to their end, by status and why.", "status", "reason"
    )


class MeteredRecorder:
    """Fills `interpreter.ports.Recorder`: counts the facts on their way to a recorder."""

    def __init__(
        self, recorder: Recorder, meter: Meter, *, on_finished: Callable[[CallFinished], None] | None = None
    ) -> None:
        """`on_finished` is told of a call's last fact, in the call's own task."""
        self._recorder = recorder
        self._on_finished = on_finished
        self._started = meter.counter("offhook_calls_started", "Calls that began here.", "direction")
        self._ended = calls_ended(meter)
        self._answer_s = meter.histogram(
            "offhook_answer_seconds", "From the first ring of a call to its answer.", RINGING_S
        )
        self._packets = meter.counter("offhook_rtp_packets", "Packets of calls that ended.", "what")
        self._jitter_s = meter.histogram(
            "offhook_rtp_jitter_seconds", "Mean jitter of what was received, one for each stream.", JITTER_S
        )
        self._gathers = meter.counter("offhook_gathers", "Gathers that came to their end.", "input", "end")

    def emit(self, fact: Fact) -> None:
        """Count, and pass on."""
        self._count(fact)
        self._recorder.emit(fact)

    async def settle(self, fact: Fact) -> None:
        """Count, pass on, and wait for it."""
        self._count(fact)
        await self._recorder.settle(fact)

    def _count(self, fact: Fact) -> None:
        match fact:
            case CallStarted():
                self._started.add(fact.info.direction.value)
            case CallFinished():
                self._ended.add(fact.status.value, _reason_class(fact))
                if fact.status is CallStatus.COMPLETED:
                    self._answer_s.observe(fact.ring_duration_s)
                if self._on_finished is not None:
                    self._on_finished(fact)
            case TimelineKept():
                self._count_media(fact)
            case GatherFinished():
                self._gathers.add("speech" if fact.is_speech else "dtmf", fact.gathered.end.value)

    def _count_media(self, fact: TimelineKept) -> None:
        for _, kind, known in fact.events:
            if kind != MEDIA:
                continue
            for what in PACKETS:
                if isinstance(count := known.get(what), int):
                    self._packets.add(what, by=count)
            if isinstance(jitter_ms := known.get("jitter_ms"), float):
                self._jitter_s.observe(jitter_ms / 1000)


def _reason_class(fact: CallFinished) -> str:
    """Why a call ended, in few words: a code-like reason as it stands, the digits of a refusal, else its kind."""
    word = fact.reason.partition(":")[0].strip()
    if word and len(word) <= 32 and word.replace("_", "").isalnum() and word.islower():
        return word
    if fact.sip_status is not None and fact.status is not CallStatus.COMPLETED:
        return f"sip_{fact.sip_status}"
    return "fault" if fact.reason else "hang_up"


class MeteredOutbox:
    """Fills `webhooks.dispatcher.Outbox`: counts what became of callbacks, once it is written."""

    def __init__(self, outbox: Outbox, meter: Meter) -> None:
        self._outbox = outbox
        self._attempts = meter.counter(
            "offhook_outbox_attempts", "Attempts to deliver callbacks, by what came of them.", "result"
        )

    def claim(
        self, limit: int, lease_s: float, reports: tuple[DeliveryReport, ...] = ()
    ) -> tuple[OutboxItem, ...]:
        """Keep what `reports` say, and take items that are due. Raises RecordsAway."""
        items = self._outbox.claim(limit, lease_s, reports)
        for report in reports:
            self._attempts.add(_RESULTS[report.end])
        return items

    def recover(self, account_sid: str | None = None, url: str | None = None) -> int:
        """What was held back is due. Raises RecordsAway."""
        return self._outbox.recover(account_sid, url)


_RESULTS = {
    DeliveryEnd.DONE: "delivered",
    DeliveryEnd.RETRY: "failed",
    DeliveryEnd.DEAD: "dead",
    DeliveryEnd.POSTPONED: "postponed",
}
