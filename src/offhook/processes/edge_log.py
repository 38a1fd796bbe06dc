"""What Kamailio logs, passed on: few lines, for it writes several about each packet that it cannot read, with the packet's own words.

Its lines begin with the module, and but for our own script's with the place in its code. What was no line of it is counted.
"""

import time
from collections.abc import Callable

import structlog

from offhook.processes.few_lines import FewLines

MOST_LINES = 100
"""A minute, besides those that are left out; one about each place in its code."""
SCRIPT = "<script>"

log = structlog.get_logger()


class EdgeLog:
    """For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines = FewLines(clock, most=MOST_LINES)

    def pass_on(self, is_error: bool, text: str) -> None:
        """A line of Kamailio's log. Below warnings it says nothing."""
        if not text:
            self._lines.leave_out()
            return
        left_out = self._lines.left_out(_place(text))
        if left_out is not None:
            (log.error if is_error else log.warning)("kamailio.said", text=text, without_a_line=left_out)


def _place(text: str) -> str:
    """What counts as the same."""
    return text if text.startswith(SCRIPT) else text.partition("]")[0]
