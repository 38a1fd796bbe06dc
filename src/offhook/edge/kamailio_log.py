"""What Kamailio logs: JSON, a line each, for its plain lines hold what strangers send with all of their line ends.

Pure. A packet can be 64 kB, and Kamailio's processes write as they please: what is broken or endless is not a line of its log.
"""

import json

ENGINE = "--log-engine=json:M"
"""The option that has it written so; M ends each with a line end."""
LONGEST_LINE, LONGEST_TEXT = 131_072, 500
ERRORS = {"ERROR", "CRITICAL", "ALERT", "EMERG", "BUG"}


class LineReader:
    """Cuts what comes through a pipe into lines. What goes on for longer than LONGEST_LINE bytes is left out."""

    def __init__(self) -> None:
        self._begun = b""
        self._is_endless = False

    def take(self, piece: bytes) -> list[bytes]:
        """The lines that end in this piece."""
        *lines, begun = (self._begun + piece).split(b"\n")
        if lines and self._is_endless:
            del lines[0]
            self._is_endless = False
        self._is_endless = self._is_endless or len(begun) > LONGEST_LINE
        self._begun = b"" if self._is_endless else begun
        return lines


def read_line(line: bytes) -> tuple[bool, str] | None:
    """Whether it is an error, and its text: where in Kamailio, and what, in a line without control characters. None for what
    Kamailio did not write, or not in one piece."""
    try:
        told = json.loads(line.decode("utf-8", "replace"), strict=False)
        level, text, module = str(told["level"]), str(told["message"]), str(told["module"])
        place, function = f"{told['file']}:{told['line']}", str(told["function"])
    except (ValueError, LookupError, TypeError, RecursionError):
        return None
    where = f"<{module}> [{place}]: {function}(): " if function else "<script>: "
    return level in ERRORS, where + _plain(text)


def _plain(text: str) -> str:
    """One line of it, which no terminal takes for anything else."""
    shown = text.strip()[:LONGEST_TEXT]
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in shown)
