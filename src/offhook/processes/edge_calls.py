"""Keeps what Kamailio knows of calls in a file of the run, so that one that is started anew knows whose the far sides are.

The edge process ends with its Kamailio, or before it: what is told is on the file within a turn.
"""

import json
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import structlog

from offhook.edge.calls_book import CallsBook, KnownCall
from offhook.edge.private_file import write_private

LONGEST_S = 86_400
"""How long Kamailio remembers a call after its last request."""
MOST_SPARE_LINES = 2000
"""After so many lines, and as many as there were calls, the file is written anew with those that there are."""
EFFECT = "after a restart of Kamailio only trunks and phones may speak in the calls that run"

log = structlog.get_logger()


class EdgeCalls:
    """One turn after another, each on whatever thread, never two at once."""

    def __init__(self, book: CallsBook, file: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._book = book
        self._file = file
        self._clock = clock
        self._calls: dict[str, KnownCall] = {}
        self._most_lines = self._lines = 0
        self._why_not = ""
        self._is_told = False
        self._writes_anew = True

    def turn(self) -> None:
        """Bring both in line. Blocks; raises RpcFailed."""
        if not self._is_told:
            self._calls = self._read()
            self._book.tell(self._calls.values())
            self._is_told = True
            if self._calls:
                log.info("edge.calls_restored", known=len(self._calls))
        changed = self._book.changed()
        if not changed:
            return
        self._calls |= {call.name: call for call in changed}
        self._lines += len(changed)
        try:
            self._keep(changed)
        except OSError as error:
            if str(error) != self._why_not:
                log.error("edge.calls_not_kept", reason=str(error), effect=EFFECT)
            self._why_not, self._writes_anew = str(error), True
        else:
            self._why_not, self._writes_anew = "", False

    def _keep(self, changed: list[KnownCall]) -> None:
        if self._writes_anew or self._lines > self._most_lines:
            now = self._clock()
            self._calls = {name: call for name, call in self._calls.items() if call.until > now}
            fresh = self._file.with_suffix(".new")
            write_private(fresh, _text(self._calls.values()))
            fresh.replace(self._file)
            self._lines = len(self._calls)
            self._most_lines = 2 * self._lines + MOST_SPARE_LINES
        else:
            with self._file.open("a", encoding="utf-8") as file:
                file.write(_text(changed))

    def _read(self) -> dict[str, KnownCall]:
        """What is still so of all that was told; a line that its writer could not end is passed over."""
        try:
            lines = self._file.read_text("utf-8", "replace").splitlines()
        except FileNotFoundError:
            return {}
        except OSError as error:
            log.error("edge.calls_not_restored", reason=str(error), effect=EFFECT)
            return {}
        now = self._clock()
        found = {call.name: call for call in map(_call_in, lines) if call is not None}
        return {name: call for name, call in found.items() if now < call.until <= now + LONGEST_S}


def _call_in(line: str) -> KnownCall | None:
    """What a line of the file says; None where that is nothing of ours."""
    try:
        match json.loads(line):
            case [str(name), str(call_id), str(far_side), int(until) | float(until)]:
                return KnownCall(name=name, call_id=call_id, far_side=far_side, until=until)
    except (ValueError, RecursionError):
        pass
    return None


def _text(calls: Iterable[KnownCall]) -> str:
    return "".join(json.dumps([call.name, call.call_id, call.far_side, call.until]) + "\n" for call in calls)
