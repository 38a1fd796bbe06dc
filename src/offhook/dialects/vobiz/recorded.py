"""What is told of a recording, whatever verb made it."""

from offhook.dialects.vobiz.values import Parameters, epoch_milliseconds, uuid_of, whole_seconds
from offhook.interpreter.ports import Report
from offhook.verbs import Record, Recorded
from offhook.verbs.file_format import FileFormat

HUNG_UP = "hangup"
"""Stands in an outcome for the key of a caller who left."""
_NEARLY_S = 0.1
"""A recording may be so much shorter than the length that ended it."""


def report_record(verb: Record, recorded: Recorded, public_url: str) -> Report:
    """What the action of a Record is told: all of it at its end, or of one that runs on its id alone."""
    if verb.action is None:
        return Report()
    if verb.is_background:
        told = identity(recorded)
    else:
        told = (*record_parameters(verb, recorded, public_url), ("Digits", _keys(recorded)))
    event = (("Event", "Record"),)
    return Report(verb.action, (*event, *told), is_notice=not verb.follows_action)


def record_stop_parameters(verb: Record, recorded: Recorded, public_url: str) -> Parameters:
    """What the callback of a Record is told once the file is ready."""
    told = record_parameters(verb, recorded, public_url)
    return (("Event", "RecordStop"), *told, ("Digits", _keys(recorded)))


def record_parameters(verb: Record, recorded: Recorded, public_url: str) -> Parameters:
    """The recording's place, its times, and why it ended; no place where nothing was recorded."""
    return (
        *recording_parameters(recorded, verb.file_format, public_url),
        ("RecordingDuration", whole_seconds(recorded.duration_s)),
        ("RecordingDurationMs", str(round(recorded.duration_s * 1000))),
        *_times(recorded),
        ("RecordingEndReason", end_reason(verb, recorded)),
    )


def recording_parameters(recorded: Recorded | None, file_format: FileFormat, public_url: str) -> Parameters:
    """RecordUrl, RecordFile and RecordingID; nothing where nothing was recorded."""
    if recorded is None or recorded.recording_id is None:
        return ()
    url = recording_url(recorded.account_sid, recorded.recording_id, file_format, public_url)
    return (("RecordUrl", url), ("RecordFile", url), *identity(recorded))


def recording_url(account_sid: str, recording_id: str, file_format: FileFormat, public_url: str) -> str:
    """Where the sound of a recording can be fetched."""
    name = f"{uuid_of(recording_id)}.{file_format.value}"
    return f"{public_url.rstrip('/')}/v1/Account/{account_sid}/Recording/{name}"


def end_reason(verb: Record, recorded: Recorded) -> str:
    """Which rule ended a recording."""
    if recorded.call_is_over or recorded.keys == HUNG_UP:
        return "HungUp"
    if recorded.keys:
        return "FinishedOnKey"
    return "maxLength" if recorded.duration_s + _NEARLY_S >= verb.max_length_s else "RecordingTimeout"


def identity(recorded: Recorded) -> Parameters:
    """RecordingID; nothing where nothing was recorded."""
    return (("RecordingID", uuid_of(recorded.recording_id)),) if recorded.recording_id is not None else ()


def _times(recorded: Recorded) -> Parameters:
    if recorded.began_at is None:
        return ()
    return (
        ("RecordingStartMs", epoch_milliseconds(recorded.began_at)),
        ("RecordingEndMs", epoch_milliseconds(recorded.began_at, recorded.duration_s)),
    )


def _keys(recorded: Recorded) -> str:
    return "" if recorded.keys == HUNG_UP else recorded.keys
