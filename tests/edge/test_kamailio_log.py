"""Lines of Kamailio's log, and what strangers make of them."""

import socket

import pytest

from offhook.edge.kamailio_log import LONGEST_LINE, LONGEST_TEXT, LineReader, read_line
from tests.edge.conftest import Edge
from tests.edge.sip_stub import stubs
from tests.edge.test_kamailio import until_said

UNREADABLE = (
    "INVITE sip:x SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:9;branch=z9hG4bK1\r\nFrom: <sip:a@b>;tag=1\r\nnaughty \x1b[31m"
    '\n 0(1) ERROR: <script>: made up\n{{"level": "ERROR", "message": "made up too"}}\r\nTo: <sip:a@b>\r\n{rest}\r\n\r\n'
)


def test_a_line_says_where_and_what_in_one_line() -> None:
    line = (
        b'{ "idx": 2, "pid": 9, "level": "ERROR", "module": "core", "file": "core/x.c", "line": 7, "function": "f", '
        b'"logprefix": "", "message": "bad [\\r\\n\x1b[1m\xff\\u2028]" }'
    )
    assert read_line(line) == (True, "<core> [core/x.c:7]: f(): bad [\\r\\n\\x1b[1m\ufffd\\u2028]")
    script = line.replace(b'"f"', b'""').replace(b"ERROR", b"WARNING")
    assert read_line(script) == (False, "<script>: bad [\\r\\n\\x1b[1m\ufffd\\u2028]")
    told = read_line(line.replace(b"bad", b"b" * 9000))
    assert told is not None
    assert len(told[1]) < LONGEST_TEXT + 50


@pytest.mark.parametrize(
    "line", [b"", b"[", b"{}", b"[" * 90_000, b"7", b'{"level": 1', b" 0(1) ERROR: <core> x"]
)
def test_what_is_no_line_is_none(line: bytes) -> None:
    assert read_line(line) is None


def test_lines_are_cut_wherever_pieces_end_and_endless_ones_are_left_out() -> None:
    reader = LineReader()
    assert [reader.take(piece) for piece in (b"o", b"ne\ntwo\nth", b"ree\n")] == [
        [],
        [b"one", b"two"],
        [b"three"],
    ]
    assert reader.take(b"x" * (LONGEST_LINE + 1)) == []
    assert reader.take(b"x" * LONGEST_LINE) == []
    assert reader.take(b"end\nnext\n") == [b"next"]


@pytest.mark.sip
async def test_strangers_write_no_lines_and_stop_no_log(edge: Edge) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
        for number in range(40):
            stranger.sendto(b"Q" * 60_000, ("127.0.0.1", edge.port))
            rest = "y" * 60_000 if number % 2 else ""
            stranger.sendto(UNREADABLE.format(rest=rest).encode(), ("127.0.0.1", edge.port))
    async with stubs(1) as [caller]:
        asked = await caller.ask(f"OPTIONS sip:x@127.0.0.1:{edge.port}", edge.port, call_id="x")
    assert asked.status == 200
    await until_said(edge, "bad header")
    assert all(line == "" or line.startswith("<core> [") for line in edge.said), edge.said
    assert max(map(len, edge.said)) < 2 * LONGEST_TEXT
