"""<Enqueue>, <Leave>, and <Queue> in a <Dial>: from their attributes to the verbs, and what their actions are told."""

from offhook.dialects.rcml.codes import DIAL_METHOD, SCHEMA
from offhook.dialects.rcml.conference import read_name
from offhook.dialects.rcml.dial_attributes import DialAttributes
from offhook.dialects.rcml.recorded import recording_parameters
from offhook.dialects.rcml.values import NOTHING, Parameters, call_sid
from offhook.dialects.xml_reading.attributes import Attributes
from offhook.dialects.xml_reading.reading import Reading
from offhook.dialects.xml_reading.xml import Element
from offhook.interpreter.ports import Report
from offhook.verbs import Dequeue, Enqueue, Leave, Queued, QueueEnd

DEFAULT_MOST = 100
_DIAL_STATUS = {QueueEnd.BRIDGED: "completed", QueueEnd.EMPTY: "no-answer", QueueEnd.HANG_UP: "canceled"}


def read_enqueue(element: Element, reading: Reading) -> Enqueue | None:
    """An Enqueue; None, with a problem, without a name. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(
        element, reading, "action", "method", "waitUrl", "waitMethod", "waitUrlMethod", "maxSize"
    )
    name = read_name(element, reading)
    if name is None:
        return None
    wait_method = "waitUrlMethod" if attributes.text("waitUrlMethod") is not None else "waitMethod"
    return Enqueue(
        name=name,
        action=attributes.target("action", attributes.method("method")),
        wait=attributes.target("waitUrl", attributes.method(wait_method)),
        max_size=attributes.whole("maxSize", default=DEFAULT_MOST, least=1, code=SCHEMA),
        line=element.line,
    )


def read_leave(element: Element, reading: Reading) -> Leave:
    """A Leave."""
    Attributes(element, reading)
    return Leave(line=element.line)


def read_queue(noun: Element, reading: Reading, dial: DialAttributes) -> Dequeue | None:
    """A Dequeue out of a <Queue>; None, with a problem, without a name. Raises DocumentInvalid for a bad URL."""
    attributes = Attributes(noun, reading, "url", "method")
    name = read_name(noun, reading)
    if name is None:
        return None
    return Dequeue(
        name=name,
        action=dial.action,
        announcement=attributes.target("url", attributes.method("method", DIAL_METHOD)),
        timeout_s=dial.timeout_s,
        time_limit_s=dial.time_limit_s,
        is_recorded=dial.is_recorded,
        hang_up_key=dial.hang_up_key,
        line=dial.line,
    )


def report_enqueue(verb: Enqueue, queued: Queued) -> Report:
    """Where the outcome of waiting is sent, and with what; nowhere without an action."""
    return Report() if verb.action is None else Report(verb.action, _queued(queued))


def report_dequeue(instance_id: str, verb: Dequeue, queued: Queued, public_url: str) -> Report:
    """Where the outcome of taking somebody is sent, and with what; nowhere without an action."""
    if verb.action is None:
        return Report()
    other = queued.other_call_id
    parameters = (
        ("DialCallStatus", _DIAL_STATUS.get(queued.end, "failed")),
        ("DialCallSid", call_sid(instance_id, other) if other is not None else NOTHING),
        ("DialCallDuration", str(int(queued.duration_s))),
        *_queued(queued),
        *recording_parameters(queued.recording, public_url),
    )
    return Report(verb.action, parameters)


def _queued(queued: Queued) -> Parameters:
    sid = queued.queue_id
    return (
        ("QueueResult", queued.end.value),
        ("QueueTime", str(int(queued.waited_s))),
        *((("QueueSid", f"QU{sid}"),) if sid is not None else ()),
    )
