import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.messaging.smpp_arriving import INCOMPLETE_S, Puzzle, is_receipt, receipt_of
from offhook.messaging.smpp_pdu import Malformed, ShortMessage, decode_short_message


def part(number: int, total: int, text: bytes, source: str = "15557654321") -> ShortMessage:
    header = bytes((5, 0, 3, 9, total, number))
    return ShortMessage(source=source, destination="15551234567", esm_class=0x40, content=header + text)


def test_parts_that_never_come_are_not_waited_for_without_end() -> None:
    now = 0.0
    puzzle = Puzzle(clock=lambda: now)
    assert puzzle.take(part(1, 3, b"one ")) is None
    assert puzzle.take(part(3, 3, b" three")) is None
    assert puzzle.take(part(1, 2, b"other", source="999")) is None
    now = INCOMPLETE_S
    assert puzzle.overdue() == []
    now += 1
    assert sorted(message.body for message in puzzle.overdue()) == ["one … three", "other…"]
    assert puzzle.overdue() == []


@pytest.mark.parametrize("header", [(5, 0, 3, 9, 2, 0), (5, 0, 3, 9, 2, 3), (5, 0, 3, 9, 0, 1), (9, 1), (0,)])
def test_a_header_that_makes_no_sense_leaves_the_text(header: tuple[int, ...]) -> None:
    odd = ShortMessage(source="1", destination="2", esm_class=0x40, content=bytes(header) + b"text")
    whole = Puzzle().take(odd)
    assert whole is not None
    assert whole.body.endswith("text")


def test_parts_may_be_told_apart_by_parameters() -> None:
    puzzle = Puzzle()
    for number, text in ((2, b"b"), (1, b"a")):
        tags = {0x020C: b"\0\7", 0x020E: b"\2", 0x020F: bytes((number,))}
        whole = puzzle.take(ShortMessage(source="1", destination="2", content=text, tags=tags))
    assert whole is not None
    assert whole.body == "ab"


def test_a_body_comes_back_as_it_was_written() -> None:
    message = ShortMessage(
        source="+1",
        source_ton=1,
        source_npi=1,
        destination="2",
        esm_class=4,
        content=b"x",
        tags={0x1E: b"A\0"},
    )
    assert decode_short_message(message.encode()) == message


@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(body: bytes) -> None:
    try:
        message = decode_short_message(body)
    except Malformed:
        return
    if is_receipt(message):
        receipt_of(message)
    else:
        Puzzle().take(message)


@given(st.binary(max_size=260), st.integers(0, 255), st.sampled_from([0, 3, 4, 8]))
def test_any_content_is_read(content: bytes, esm_class: int, coding: int) -> None:
    odd = ShortMessage(source="1", destination="2", esm_class=esm_class, data_coding=coding, content=content)
    receipt_of(odd)
    Puzzle().take(odd)
