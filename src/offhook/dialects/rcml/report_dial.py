"""What the action of a Dial is told."""

from offhook.dialects.rcml.recorded import recording_parameters
from offhook.dialects.rcml.values import NOTHING, Parameters, call_sid, clean
from offhook.interpreter.ports import Report
from offhook.verbs import Dial, DialEnd, Dialled


def report_dial(instance_id: str, verb: Dial, dialled: Dialled, public_url: str) -> Report:
    """Where the outcome is sent, and with what; nowhere without an action, and the next verb runs."""
    if verb.action is None:
        return Report()
    sid = call_sid(instance_id, dialled.call_id) if dialled.call_id is not None else NOTHING
    parameters = (
        ("DialCallStatus", dialled.end.value),
        ("DialCallSid", sid),
        ("DialCallDuration", str(int(dialled.duration_s)) if dialled.end is DialEnd.COMPLETED else "0"),
        ("DialRingDuration", str(int(dialled.ring_duration_s))),
        *recording_parameters(dialled.recording, public_url),
        *_sip(dialled),
    )
    return Report(verb.action, parameters)


def _sip(dialled: Dialled) -> Parameters:
    """What SIP said of the leg; nothing for one that never was."""
    if not dialled.sip_call_id:
        return ()
    status = dialled.sip_status
    return (
        ("DialSipCallId", clean(dialled.sip_call_id)),
        *((("DialSipResponseCode", str(status)),) if status is not None else ()),
        *((f"DialSipHeader_{clean(name)}", clean(value)) for name, value in dialled.sip_headers),
    )
