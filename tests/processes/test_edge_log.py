"""How much of what Kamailio logs is passed on."""

from structlog.testing import capture_logs

from offhook.processes.edge_log import MOST_LINES, EdgeLog

UNREADABLE = "<core> [core/parser/msg_parser.c:381]: parse_headers(): bad header field [{}"
BANNED = "<script>: REGISTER from 192.0.2.{}:5060: ip:192.0.2.{} is banned for 600 s after wrong passwords"


def test_packets_that_cannot_be_read_leave_few_lines_and_bans_are_told() -> None:
    now = [0.0]
    passing = EdgeLog(lambda: now[0])
    with capture_logs() as lines:
        for number in range(1000):
            passing.pass_on(True, UNREADABLE.format(number))
            passing.pass_on(False, "")
        for last in range(20):
            passing.pass_on(False, BANNED.format(last, last))
        assert [line["log_level"] for line in lines] == ["error", *["warning"] * 20]
        assert lines[1]["without_a_line"] == 1999
        for number in range(1000):
            passing.pass_on(False, f"<script>: made up by packet {number}")
        assert len(lines) == MOST_LINES
        now[0] = 61.0
        passing.pass_on(True, UNREADABLE.format("again"))
    assert len(lines) == MOST_LINES + 1
