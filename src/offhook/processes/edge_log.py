"""What Kamailio logs, passed on: few lines, for it writes four about each packet that it cannot read, with the packet's own words.

Its lines begin with the module, and for those of its own code with the place in it; what begins otherwise is the rest of a
line before, and somebody else's text.
"""

import time
from collections.abc import Callable

import structlog

from offhook.processes.few_lines import FewLines

MOST_LINES = 100
"""A minute, besides those that are left out; one about each place in its code."""
CORE, OF_A_MODULE = "<core>", "<"

log = structlog.get_logger()


class EdgeLog:
    """For one thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._lines = FewLines(clock, most=MOST_LINES)

    def pass_on(self, is_error: bool, text: str) -> None:
        """A line of Kamailio's log. Below warnings it says nothing."""
        left_out = self._lines.left_out(_place(text))
        if left_out is not None:
            (log.error if is_error else log.warning)("kamailio.said", text=text, without_a_line=left_out)


def _place(text: str) -> str:
    """What counts as the same."""
    if text.startswith(CORE):
        return text.partition("]")[0]
    return text if text.startswith(OF_A_MODULE) else ""
