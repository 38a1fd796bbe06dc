"""Answers as bytes: what is understood, what is refused, and that it does not matter how the bytes are cut."""

from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.webhooks.http1 import Answer, ProtocolViolated

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
SOUND_ANSWERS = {
    "a length": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nX-Empty:\r\nX-Spaced:  a b \r\n\r\nhello",
    "chunks": CHUNKED + b"2\r\nhe\r\n3;note=x\r\nllo\r\n0\r\nX-Trailer: t\r\n\r\n",
    "spaces behind the size of a chunk": CHUNKED + b"5  \r\nhello\r\n0\r\n\r\n",
    "lines that end in LF alone": b"HTTP/1.1 200 OK\nContent-Length: 5\n\nhello",
    "interim answers": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "no reason": b"HTTP/1.1 200\r\nContent-Length: 5\r\n\r\nhello",
    "HTTP/1.0 that stays": b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 5\r\n\r\nhello",
}
LAST_ANSWERS = {
    "it says so": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello",
    "it says so and goes on": b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 5\r\n\r\nhello!",
    "it is HTTP/1.0": b"HTTP/1.0 200 OK\r\nContent-Length: 5\r\n\r\nhello",
    "it has two lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"5\r\nhello\r\n0\r\n\r\n",
}
BROKEN_ANSWERS = {
    "another protocol": b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: ws\r\nConnection: upgrade\r\n\r\n",
    "another protocol, unnamed": b"HTTP/1.1 101 Switching Protocols\r\n\r\n",
    "gzip on the way": b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
    "two different lengths": b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
    "a length that is none": b"HTTP/1.1 200 OK\r\nContent-Length: -5\r\n\r\nhello",
    "a length beyond all bounds": b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999999999999\r\n\r\n",
    "a header without a name": b"HTTP/1.1 200 OK\r\n: x\r\n\r\n",
    "a request": b"GET / HTTP/1.1\r\nHost: x\r\n\r\n",
    "HTTP/2": b"HTTP/2 200\r\n\r\n",
}
ENDLESS_ANSWERS = {
    "head": (b"HTTP/1.1 200 OK\r\n", b"a: b\r\n", "head does not end"),
    "line": (b"HTTP/1.1 200 OK\r\nX: ", b"y" * 1_000, "head does not end"),
    "empty headers": (b"HTTP/1.1 200 OK\r\n", b"a:\r\n" * 99, "head does not end"),
    "interim answers": (b"", b"HTTP/1.1 102 Processing\r\n\r\n", "head does not end"),
    "crumbs": (CHUNKED, b"1\r\nx\r\n", "too many small pieces"),
    "size of a chunk": (CHUNKED + b"1;", b"z" * 1_000, "more around its body"),
    "trailers": (CHUNKED + b"0\r\n", b"a: b\r\n", "more around its body"),
    "trailer": (CHUNKED + b"0\r\nX: ", b"y" * 1_000, "more around its body"),
}


def fed(data: bytes, cuts: list[int] | None = None) -> Answer:
    answer = Answer()
    edges = [0, *sorted(cuts or []), len(data)]
    for start, end in pairwise(edges):
        if start < end and not answer.is_whole:
            answer.feed(data[start:end])
    return answer


@settings(deadline=None)
@given(data=st.sampled_from([*SOUND_ANSWERS.values()]), cuts=st.lists(st.integers(0, 150), max_size=12))
def test_an_answer_is_the_same_however_it_is_cut(data: bytes, cuts: list[int]) -> None:
    answer = fed(data, cuts)
    assert answer.has_head
    assert answer.is_whole
    assert answer.lets_go_on
    assert answer.status == 200
    assert answer.take() == b"hello"
    assert answer.take() == b""
    assert answer.headers == fed(data).headers


def test_headers_are_those_of_the_answer_itself() -> None:
    assert fed(SOUND_ANSWERS["a length"]).headers == [
        (b"Content-Length", b"5"),
        (b"X-Empty", b""),
        (b"X-Spaced", b"a b"),
    ]
    assert fed(SOUND_ANSWERS["chunks"]).headers == [(b"Transfer-Encoding", b"chunked")]
    assert fed(SOUND_ANSWERS["interim answers"]).headers == [(b"Content-Length", b"5")]


@pytest.mark.parametrize("name", LAST_ANSWERS)
def test_after_some_answers_the_connection_is_of_no_use(name: str) -> None:
    answer = fed(LAST_ANSWERS[name])
    assert answer.take() == b"hello"
    assert answer.is_whole
    assert not answer.lets_go_on


def test_what_follows_an_answer_unasked_spoils_the_connection() -> None:
    answer = Answer()
    answer.feed(SOUND_ANSWERS["a length"] + b"HTTP/1.1 200 OK\r\n")
    assert answer.take() == b"hello"
    assert answer.is_whole
    assert not answer.lets_go_on


@pytest.mark.parametrize("name", BROKEN_ANSWERS)
def test_what_is_no_proper_answer_is_refused(name: str) -> None:
    with pytest.raises(ProtocolViolated, match=r"\w"):
        fed(BROKEN_ANSWERS[name])


@pytest.mark.parametrize("at_once", [1, 100_000])
@pytest.mark.parametrize("name", ENDLESS_ANSWERS)
def test_what_has_no_end_is_given_up(name: str, at_once: int) -> None:
    start, more, words = ENDLESS_ANSWERS[name]
    answer = Answer()
    answer.feed(start or more)
    with pytest.raises(ProtocolViolated, match=words):
        for _ in range(max(200_000 // at_once, 2)):
            answer.feed(more * at_once)


def test_a_large_body_in_small_chunks_is_fine() -> None:
    """20 MB in chunks of a kilobyte: more around the body than a head may have."""
    answer, chunk = Answer(), b"400\r\n" + b"x" * 1_024 + b"\r\n"
    answer.feed(CHUNKED)
    for _ in range(20_000):
        answer.feed(chunk)
    answer.feed(b"0\r\n\r\n")
    assert answer.is_whole
    assert len(answer.take()) == 20_000 * 1_024


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "disconnected without sending a response"),
        (b"HTTP/1.1 200", "in the middle"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", "in the middle"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhell", "in the middle"),
        (CHUNKED + b"5\r\nhello\r\n", "in the middle"),
    ],
)
def test_a_connection_that_ends_too_early_is_told_from_one_that_ends_the_answer(
    data: bytes, words: str
) -> None:
    with pytest.raises(ProtocolViolated, match=words):
        fed(data).end()
    endless = fed(b"HTTP/1.1 200 OK\r\n\r\nhel")
    endless.feed(b"lo")
    assert not endless.is_whole
    endless.end()
    assert endless.is_whole
    assert not endless.lets_go_on
    assert endless.take() == b"hello"
