"""How many log lines others can cause."""

from offhook.processes.few_lines import FewLines


def test_one_line_a_minute_about_the_same_and_ten_about_all() -> None:
    now = 0.0
    lines = FewLines(lambda: now)
    assert lines.left_out("a") == 0
    assert [lines.left_out("a") for _ in range(5)] == [None] * 5
    written = [lines.left_out(number) for number in range(50)]
    assert [line for line in written if line is not None] == [5, *[0] * 8]
    now = 61.0
    assert lines.left_out("a") == 41
    assert lines.left_out("a") is None
