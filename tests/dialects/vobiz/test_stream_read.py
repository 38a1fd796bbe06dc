"""Whatever stands in a Stream, what is read of it is within bounds; and what is in bounds reads as itself."""

from xml.sax.saxutils import escape, quoteattr

from hypothesis import given
from hypothesis import strategies as st

from offhook.call.exchange import Reply
from offhook.dialects.vobiz.read import read
from offhook.dialects.vobiz.stream import _ATTRIBUTES, FORMATS, LANGUAGE
from offhook.verbs import Document, Method, Stream, Target, Track

PRINTABLE = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cf", "Cs", "Co", "Cn")), max_size=30
)
VALUES = (
    PRINTABLE
    | st.integers().map(str)
    | st.sampled_from(["true", "false", "both", "a=b,c=d", "https://a.b/", *FORMATS])
)
URLS = st.from_regex(r"\Awss?://[a-z]{1,9}\.example(:[1-9][0-9]{0,3})?/[a-z0-9/._%=&?;+-]{0,30}\Z")


def read_stream(text: str, attributes: dict[str, str]) -> Document:
    written = "".join(f" {name}={quoteattr(value)}" for name, value in attributes.items())
    body = f"<Response><Stream{written}>{escape(text)}</Stream></Response>".encode()
    return read(Reply(url="http://a.b/", status=200, headers=(("Content-Type", "text/xml"),), body=body))


@given(text=URLS | PRINTABLE, values=st.dictionaries(st.sampled_from(_ATTRIBUTES), VALUES, max_size=6))
def test_whatever_it_says_it_is_within_bounds_or_skipped(text: str, values: dict[str, str]) -> None:
    document = read_stream(text, values)
    if not document.verbs:
        assert document.problems
        return
    [stream] = document.verbs
    assert isinstance(stream, Stream)
    assert stream.url.lower().startswith(("ws://", "wss://"))
    assert 1 <= stream.most_s <= 86_400
    assert 0 <= stream.retries <= 10
    assert stream.sound_format in FORMATS.values()
    assert stream.track is Track.INBOUND or not stream.is_two_way
    assert stream.is_two_way or not stream.is_awaited


@given(
    url=URLS,
    is_two_way=st.booleans(),
    is_awaited=st.booleans(),
    track=st.sampled_from(Track),
    format_name=st.sampled_from(tuple(FORMATS)),
    most_s=st.integers(1, 86_400),
    retries=st.integers(0, 10),
    told=st.dictionaries(
        st.text("abcXYZ019", min_size=1, max_size=8), st.text("abcXYZ019", max_size=8), max_size=4
    ),
    method=st.sampled_from(Method),
)
def test_a_stream_that_is_written_reads_as_itself(
    url: str,
    is_two_way: bool,
    is_awaited: bool,
    track: Track,
    format_name: str,
    most_s: int,
    retries: int,
    told: dict[str, str],
    method: Method,
) -> None:
    stream = Stream(
        url=url,
        language=LANGUAGE,
        is_two_way=is_two_way,
        is_awaited=is_awaited and is_two_way,
        track=Track.INBOUND if is_two_way else track,
        sound_format=FORMATS[format_name],
        most_s=float(most_s),
        told=tuple(told.items()),
        retries=retries,
        status_target=Target("https://app.example/status", method),
        line=1,
    )
    document = read_stream(
        url,
        {
            "bidirectional": str(stream.is_two_way).lower(),
            "keepCallAlive": str(stream.is_awaited).lower(),
            "audioTrack": stream.track,
            "contentType": format_name,
            "streamTimeout": str(most_s),
            "maxRetries": str(retries),
            "extraHeaders": ",".join(f"{name}={value}" for name, value in told.items()),
            "statusCallbackUrl": "https://app.example/status",
            "statusCallbackMethod": method.value,
        },
    )
    assert document == Document((stream,))
