"""The calls into libraries that a speech process is making: one that never returns shows that it hangs.

For libraries that let other threads run meanwhile. Of the others the process falls silent altogether.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

LONGEST_CALL_S = 2.0
"""None takes longer than a tenth of a second, on a machine that has nothing else to do."""

_begun: dict[int, float] = {}


@contextmanager
def library_call() -> Iterator[None]:
    """A block that is such a call."""
    thread = threading.get_ident()
    _begun[thread] = time.monotonic()
    try:
        yield
    finally:
        del _begun[thread]


def is_hanging() -> bool:
    """Whether a call takes longer than any should."""
    began_at = min(tuple(_begun.values()), default=None)
    return began_at is not None and time.monotonic() - began_at > LONGEST_CALL_S
