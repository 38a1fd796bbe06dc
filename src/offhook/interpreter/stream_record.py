"""The record of a stream that is over: what was asked for, how long it lasted, and how it ended.

What its document wanted the application to be told is not kept: it may be a secret of theirs.
"""

from datetime import datetime

from offhook.call.exchange import without_credentials
from offhook.call.facts import VerbRan
from offhook.call.info import CallInfo
from offhook.call.voice_rows import VerbKind
from offhook.verbs import Stream, Streamed, StreamEnd

STOPPED, FAILED = "stopped", "failed"


def stream_ran(verb: Stream, streamed: Streamed, info: CallInfo, at: datetime) -> VerbRan:
    """The fact that a stream of the call is over since `at`. Its record bears the stream's id."""
    target = verb.status_target
    return VerbRan(
        record_id=streamed.stream_id,
        call_id=info.call_id,
        account_sid=info.account_sid,
        at=at,
        kind=VerbKind.STREAM,
        status=FAILED if streamed.end is StreamEnd.BROKEN else STOPPED,
        reason=streamed.failure,
        duration_s=streamed.duration_s,
        details=(
            ("url", without_credentials(verb.url)),
            ("is_two_way", int(verb.is_two_way)),
            ("track", verb.track.value),
            ("coding", verb.sound_format.coding.value),
            ("rate_hz", verb.sound_format.rate_hz),
            ("most_s", int(verb.most_s)),
            ("status_url", None if target is None else without_credentials(target.url)),
            ("status_method", None if target is None else target.method.value),
            ("end", None if streamed.end is None else streamed.end.value),
        ),
    )
