"""From what Offhook knows to the parameters that applications read: Restcomm's names, formats and habits."""

from datetime import UTC, datetime

from offhook.call.exchange import without_credentials
from offhook.call.info import CallInfo, CallStatus
from offhook.dialects.rcml import messages_told
from offhook.dialects.rcml.conference import report_conference
from offhook.dialects.rcml.hold import report_held
from offhook.dialects.rcml.queue import report_dequeue, report_enqueue
from offhook.dialects.rcml.record import report_record
from offhook.dialects.rcml.refer import report_referred
from offhook.dialects.rcml.report_dial import report_dial
from offhook.dialects.rcml.values import NOTHING, Parameters, call_sid, clean
from offhook.interpreter.ports import Report, StatusChange
from offhook.verbs import (
    Conference,
    Conferred,
    Dequeue,
    Dial,
    Dialled,
    Done,
    Enqueue,
    Gather,
    Gathered,
    Hold,
    HoldChanged,
    MessageAsked,
    Outcome,
    Queued,
    Record,
    Recorded,
    Redirect,
    Refer,
    Referred,
    Resume,
    SendMessage,
    Verb,
)

API_VERSION = "2012-04-24"


def standard(instance_id: str, info: CallInfo, status: CallStatus) -> Parameters:
    """The parameters that every request about a call carries."""
    return (
        ("CallSid", call_sid(instance_id, info.call_id)),
        ("InstanceId", f"ID{instance_id}"),
        *_other_legs(instance_id, info),
        ("AccountSid", info.account_sid),
        ("From", clean(info.from_)),
        ("To", clean(info.to)),
        ("CallStatus", status.value),
        ("ApiVersion", API_VERSION),
        ("Direction", info.direction.value),
        ("CallerName", clean(info.caller_name or NOTHING)),
        ("ForwardedFrom", clean(info.forwarded_from or NOTHING)),
        ("CallTimestamp", timestamp(info.created_at)),
        *((f"SipHeader_{clean(name)}", clean(value)) for name, value in info.sip_headers),
        *_transfer(info),
        *((("Metadata", clean(info.metadata)),) if info.metadata is not None else ()),
    )


def _other_legs(instance_id: str, info: CallInfo) -> Parameters:
    """The leg that the call dialled; of a dialled leg, its dialog."""
    dialled = info.outbound_call_id
    return (
        *((("OutboundCallSid", call_sid(instance_id, dialled)),) if dialled is not None else ()),
        *((("SipCallId", clean(info.sip_call_id)),) if info.sip_call_id else ()),
    )


def _transfer(info: CallInfo) -> Parameters:
    if info.transfer is None:
        return ()
    return (
        ("ReferTarget", clean(info.transfer.target)),
        ("Transferor", clean(info.transfer.transferor)),
        ("Transferee", clean(info.transfer.transferee)),
    )


def timestamp(at: datetime) -> str:
    """An ISO date-time in UTC with milliseconds: `2021-03-09T12:03:00.787Z`."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def report(instance_id: str, verb: Verb, outcome: Outcome, public_url: str) -> Report:
    """Where an outcome goes, and with what. No target: the next verb runs. `public_url`: what URLs of ours begin with."""
    match verb, outcome:
        case Redirect(target=target), Done():
            return Report(target)
        case Gather(action=action, act_on_empty=act_on_empty), Gathered() as gathered:
            if action is None or (gathered.is_empty and not act_on_empty):
                return Report()
            return Report(action, _gathered(gathered))
        case Dial(), Dialled() as dialled:
            return report_dial(instance_id, verb, dialled, public_url)
        case Conference(), Conferred() as conferred:
            return report_conference(verb, conferred, public_url)
        case Enqueue(), Queued() as queued:
            return report_enqueue(verb, queued)
        case Dequeue(), Queued() as queued:
            return report_dequeue(instance_id, verb, queued, public_url)
        case Record() as record, Recorded() as recorded:
            return report_record(record, recorded, public_url)
        case SendMessage(action=action), MessageAsked() as asked:
            return Report() if action is None else Report(action, messages_told.asked(asked))
        case Hold() | Resume(), HoldChanged() as changed:
            return report_held(verb, changed)
        case Refer(), Referred() as referred:
            return report_referred(verb, referred)
        case _:
            return Report()


def _gathered(gathered: Gathered) -> Parameters:
    heard = (("Digits", gathered.keys), ("SpeechResult", clean(gathered.speech)))
    if gathered.speech and gathered.confidence is not None:
        return (*heard, ("Confidence", f"{gathered.confidence:.4f}"))
    return heard


def partial(text: str) -> Parameters:
    """The parameters that tell what is understood so far."""
    return (("UnstableSpeechResult", clean(text)),)


def failure(code: int, url: str) -> Parameters:
    """The parameters that tell a fallback URL what went wrong, and where; credentials in `url` are left out."""
    return (("ErrorCode", str(code)), ("ErrorUrl", without_credentials(url)))


def status_callback(instance_id: str, info: CallInfo, change: StatusChange) -> Parameters:
    """The parameters of a phone number's status callback, sent at every state of a call."""
    parameters = standard(instance_id, info, change.status)
    if change.status.is_final:
        return (*parameters, ("CallDuration", str(int(change.duration_s))))
    return parameters
