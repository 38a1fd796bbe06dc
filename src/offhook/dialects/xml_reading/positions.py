"""Where the tags and attributes of a document stand. The parser tells lines only; people look for columns too.

For texts that were parsed already: in one that is well-formed, tags can be told from all else by their looks.
"""

import re
from bisect import bisect_right

from offhook.dialects.xml_reading.xml import Element

_TAG = re.compile(
    r"<!--.*?-->|<!\[CDATA\[.*?\]\]>|<\?.*?\?>"
    r"""|<(?P<name>[^\s!?/>][^\s/>]*)(?P<attributes>(?:[^"'>]|"[^"]*"|'[^']*')*+)>""",
    re.DOTALL,
)
_ATTRIBUTE = re.compile(r"""([^\s=/]+)\s*=\s*(?:"[^"]*"|'[^']*')""")


class Positions:
    """Finds elements and attributes in the text of a document."""

    def __init__(self, text: str) -> None:
        self._tags = [found for found in _TAG.finditer(text) if found["name"]]
        self._line_starts = [0, *(found.end() for found in re.finditer("\n", text))]

    def of(self, element: Element, attribute: str | None = None) -> tuple[int, int]:
        """Line and column, from 1, of an element's start tag, or of an attribute in it."""
        if not 0 < element.number <= len(self._tags):
            return element.line, 1
        tag = self._tags[element.number - 1]
        if attribute is not None:
            for found in _ATTRIBUTE.finditer(tag["attributes"]):
                if found[1] == attribute:
                    return self._at(tag.start("attributes") + found.start())
        return self._at(tag.start())

    def _at(self, offset: int) -> tuple[int, int]:
        line = bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1
