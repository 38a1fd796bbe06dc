"""What callback URLs are told while a verb runs: of a Dial's legs, of recordings, of conferences."""

from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.recorded import identity, record_stop_parameters, recording_parameters
from offhook.dialects.vobiz.standard import status_text
from offhook.dialects.vobiz.stream_talk import stream_parameters
from offhook.dialects.vobiz.values import (
    Parameters,
    boolean,
    number_text,
    second_text,
    uuid_of,
    whole_seconds,
)
from offhook.dialects.vobiz.why_ended import hangup_cause
from offhook.interpreter.news import (
    LegEvent,
    LegNews,
    MachineNews,
    MeetingEvent,
    MeetingNews,
    News,
    RecordingBegun,
    RecordingReady,
)
from offhook.interpreter.outbound_leg import LegOver
from offhook.interpreter.stream_ports import StreamNews
from offhook.verbs import Conference, DetectMachine, Record, Stream, Verb

_LEG_WORDS = {
    LegEvent.ANSWERED: ("DialAnswer", "answer"),
    LegEvent.CONNECTED: ("DialConnected", "connected"),
    LegEvent.KEYS: ("DialDigitsMatch", "digits"),
    LegEvent.OVER: ("DialHangup", "hangup"),
}
"""The Event and the DialAction of each."""
_MEETING_WORDS = {
    MeetingEvent.ENTERED: "enter",
    MeetingEvent.LEFT: "exit",
    MeetingEvent.BEGAN: "start",
    MeetingEvent.ENDED: "end",
    MeetingEvent.KEYS: "digits",
    MeetingEvent.TAPED: "record",
}


def news_parameters(verb: Verb, news: News, info: CallInfo, public_url: str, *, has_plus: bool) -> Parameters:
    """What is told of `news` besides the standard parameters. `public_url`: what URLs of ours begin with."""
    match news:
        case LegNews():
            return _of_leg(news, info, has_plus=has_plus)
        case RecordingBegun(recorded=recorded):
            return (("Event", "Record"), *identity(recorded))
        case RecordingReady(recorded=recorded) if isinstance(verb, Record):
            return record_stop_parameters(verb, recorded, public_url)
        case MeetingNews() if isinstance(verb, Conference):
            return _of_meeting(verb, news, info, public_url)
        case StreamNews() if isinstance(verb, Stream):
            return stream_parameters(verb, news)
        case MachineNews(detected=detected) if isinstance(verb, DetectMachine):
            if_machine = "hangup" if verb.hangs_up else "continue"
            machine = boolean(detected.is_machine)
            return (("Event", "MachineDetection"), ("Machine", machine), ("IfMachine", if_machine))
        case _:
            return ()


def _of_leg(news: LegNews, info: CallInfo, *, has_plus: bool) -> Parameters:
    event, action = _LEG_WORDS[news.event]
    return (
        ("Event", event),
        ("DialAction", action),
        ("DialBLegStatus", _leg_status(news)),
        ("DialALegUUID", uuid_of(info.call_id)),
        ("DialBLegUUID", uuid_of(news.call_id)),
        ("DialBLegFrom", clean(number_text(news.from_, has_plus=has_plus))),
        ("DialBLegTo", clean(number_text(news.to, has_plus=has_plus))),
        ("DialBLegPosition", str(news.position)),
        *_pressed(news),
        *(_over(news.over) if news.over is not None else ()),
    )


def _leg_status(news: LegNews) -> str:
    """`answer`, `connected` or `hangup`; of a leg that nobody answered its final state."""
    if news.over is not None and news.over.status is not CallStatus.COMPLETED:
        return status_text(news.over.status)
    event = LegEvent.CONNECTED if news.event is LegEvent.KEYS else news.event
    return _LEG_WORDS[event][1]


def _pressed(news: LegNews) -> Parameters:
    if news.event is not LegEvent.KEYS:
        return ()
    by = "aleg" if news.is_of_caller else "bleg"
    return (("DialDigitsMatch", news.keys), ("DialDigitsPressedBy", by))


def _over(over: LegOver) -> Parameters:
    how = over.end.how if over.end is not None else None
    cause = hangup_cause(Direction.OUTBOUND_DIAL, over.status, how)
    return (
        ("DialBLegDuration", whole_seconds(over.duration_s)),
        ("DialBLegBillDuration", whole_seconds(over.duration_s)),
        ("DialBLegHangupCause", cause.text),
        ("DialBLegHangupCauseCode", str(cause.code)),
        ("DialBLegHangupCauseName", cause.name),
        ("DialBLegHangupSource", cause.source.value),
    )


def _of_meeting(verb: Conference, news: MeetingNews, info: CallInfo, public_url: str) -> Parameters:
    recording = recording_parameters(news.recording, verb.file_format, public_url)
    if news.event is MeetingEvent.ENDED:
        recording = tuple(("RecordingUrl", value) for name, value in recording if name == "RecordUrl")
    return (
        ("ConferenceAction", _MEETING_WORDS[news.event]),
        ("ConferenceUUID", uuid_of(news.meeting_id)),
        ("ConferenceName", clean(verb.name)),
        ("ConferenceMemberID", uuid_of(info.call_id)),
        ("ConferenceCurrentSize", str(news.size)),
        ("Timestamp", second_text(news.at)),
        *((("ConferenceDigitsMatch", news.keys),) if news.keys else ()),
        *recording,
    )
