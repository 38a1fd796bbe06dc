"""The wire between workers and speech processes: what is written is read, and what is malformed is named."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.embedded.protocol import (
    MAX_BODY_BYTES,
    MAX_REQUEST_BYTES,
    Alive,
    Answer,
    DecodeRequest,
    Heard,
    Malformed,
    Message,
    MessageReader,
    PingRequest,
    RecogniseRequest,
    RefusalKind,
    Request,
    SoundEnded,
    SoundRefused,
    Speaking,
    SpeakRequest,
    Spoken,
    read_request,
    write_answer,
    write_audio,
    write_end,
    write_request,
)

shares = st.none() | st.floats(0, 1)
requests = st.one_of(
    st.builds(
        RecogniseRequest,
        language=st.text(max_size=10),
        hints=st.lists(st.text(max_size=100), max_size=20).map(tuple),
        partials=st.booleans(),
    ),
    st.builds(
        SpeakRequest,
        text=st.text(),
        language=st.text(max_size=10),
        voice=st.text(max_size=10),
        words_per_minute=st.integers(80, 450),
    ),
    st.just(DecodeRequest()),
    st.just(PingRequest()),
)
answers = st.one_of(
    st.just(SpeechStarted()),
    st.builds(Partial, st.text(), shares),
    st.builds(Final, st.text(), shares),
    st.just(SpeechEnded()),
    st.builds(SpeechFailed, st.sampled_from(FailureKind), st.text(), st.booleans()),
    st.builds(Speaking, st.text(), st.text(), st.booleans(), st.booleans()),
    st.just(Alive()),
    st.builds(Heard, st.integers()),
    st.builds(Spoken, st.integers()),
    st.just(SoundEnded()),
    st.builds(SoundRefused, st.sampled_from(RefusalKind), st.text()),
)


def read_in_pieces(wire: bytes, size: int) -> list[Message]:
    reader = MessageReader()
    return [
        message for start in range(0, len(wire), size) for message in reader.feed(wire[start : start + size])
    ]


@given(requests)
def test_a_request_is_one_line_and_comes_back(request_: Request) -> None:
    line = write_request(request_)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert read_request(line) == request_


@given(st.lists(answers | st.binary(min_size=1, max_size=700), max_size=10), st.integers(1, 50))
def test_messages_come_back_however_the_bytes_arrive(messages: list[Message], size: int) -> None:
    wire = b"".join(
        write_audio(message) if isinstance(message, bytes) else write_answer(message) for message in messages
    )
    assert read_in_pieces(wire + write_end(), size) == [*messages, b""]


def test_long_audio_travels_in_bounded_messages() -> None:
    pcm = bytes(range(256)) * 1000
    messages = [message for message in MessageReader().feed(write_audio(pcm)) if isinstance(message, bytes)]
    assert b"".join(messages) == pcm
    assert max(map(len, messages)) <= MAX_BODY_BYTES
    assert write_audio(b"") == b""


def test_the_longest_request_that_is_allowed_fits_in_a_line() -> None:
    hints = tuple("\N{PILE OF POO}" * 100 for _ in range(500))
    assert len(write_request(RecogniseRequest(language="en", hints=hints))) > 500_000
    assert len(write_request(RecogniseRequest(language="en", hints=hints[:400]))) < MAX_REQUEST_BYTES


@given(st.binary(max_size=200))
def test_whatever_comes_is_read_or_named_as_malformed(wire: bytes) -> None:
    for read in (read_request, lambda wire: list(MessageReader().feed(wire))):
        try:
            read(wire)
        except Malformed as fault:
            named = str(fault)
        else:
            named = "nothing is wrong"
        assert named


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b"GET / HTTP/1.1", "this is not JSON"),
        (b"[1]", "this is not a JSON object"),
        (b'{"language": "en"}', "'do' must be one of recognise, speak, decode, ping"),
        (b'{"do": "sing"}', "'do' must be one of recognise, speak, decode, ping"),
        (b'{"do": "decode", "bytes": 3}', "decode has no bytes"),
        (b'{"do": "recognise", "language": "en"}', "recognise needs hints, partials"),
        (
            b'{"do": "recognise", "language": "en", "hints": "a", "partials": true}',
            "hints must be a list of texts",
        ),
        (
            b'{"do": "recognise", "language": 7, "hints": [], "partials": true}',
            "language must be a text",
        ),
        (
            b'{"do": "recognise", "language": "en", "hints": [], "partials": 1}',
            "partials must be true or false",
        ),
        (
            b'{"do": "speak", "text": "a", "language": "en", "voice": "", "words_per_minute": 1, "is_ssml": false}',
            "1 words a minute were asked for; 80 to 450 can be spoken",
        ),
    ],
)
def test_a_malformed_request_is_told_what_is_wrong(line: bytes, fault: str) -> None:
    with pytest.raises(Malformed) as raised:
        read_request(line)
    assert str(raised.value) == fault


@pytest.mark.parametrize(
    ("hints", "fault"),
    [
        (("a",) * 501, "501 hints were given; at most 500 are taken"),
        (("a" * 101,), "a hint of 101 characters was given; at most 100 are taken"),
    ],
)
def test_hints_are_bounded(hints: tuple[str, ...], fault: str) -> None:
    with pytest.raises(Malformed, match=fault):
        RecogniseRequest(language="en", hints=hints)


@pytest.mark.parametrize(
    ("wire", "fault"),
    [
        (b"HTTP/1.1 200 OK", "a message begins with 'H' instead of 'A' or 'J'"),
        (b"A\x7f\xff\xff\xff", "a message of 2147483647 bytes was announced; at most 65536 fit"),
        (b"J\0\0\0\2{}", "'event' must be one of"),
        (b'J\0\0\0\x10{"event":"bang"}', "'event' must be one of"),
    ],
)
def test_a_malformed_message_is_told_what_is_wrong(wire: bytes, fault: str) -> None:
    with pytest.raises(Malformed, match=fault):
        list(MessageReader().feed(wire))


@given(answers, st.dictionaries(st.text(min_size=1, max_size=5), st.integers(), min_size=1, max_size=1))
def test_an_answer_with_more_than_its_fields_is_refused(answer: Answer, more: dict[str, Any]) -> None:
    body = json.dumps({**more, **json.loads(write_answer(answer)[5:]), "strange": 1}).encode()
    with pytest.raises(Malformed):
        list(MessageReader().feed(b"J" + len(body).to_bytes(4, "big") + body))
