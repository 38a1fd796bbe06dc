"""A person at a terminal sees one line that moves; a log gets a line a step."""

import io

from scripts.engine_build.progress import Progress


class Terminal(io.StringIO):
    """Something that a person looks at."""

    def isatty(self) -> bool:
        return True


def work(stream: io.StringIO) -> str:
    progress = Progress(2, stream=stream)
    with progress.step("configuring"):
        progress.tick()
        progress.tick()
    progress.say("warning: something")
    with progress.step("compiling"):
        progress.tick()
    return stream.getvalue()


def test_a_log_has_a_line_a_step_and_nothing_that_moves_a_cursor() -> None:
    assert work(io.StringIO()).splitlines() == [
        "engine: step 1 of 2, configuring (0 s)",
        "engine: warning: something",
        "engine: step 2 of 2, compiling (0 s)",
    ]


def test_a_terminal_has_one_line_that_is_written_again() -> None:
    shown = work(Terminal())
    assert shown.count("\n") == 1, "only what was said stays"
    assert shown.count("step 1 of 2, configuring") == 3
    assert shown.endswith("\r\x1b[K")
