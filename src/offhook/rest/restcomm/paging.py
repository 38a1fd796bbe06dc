"""Pages of a list: which one is asked for, and what surrounds its items.

`num_pages` is the number of the last page (they count from 0): total divided by page size, rounded down, so a
list that fills its pages exactly ends with an empty one. `start` and `end` are text, and the last page's `end`
is one past its last item. Where there is no page before or after, its link is the text `null`. All of that is
what clients of this API expect.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from offhook.rest.errors import Refusal, invalid

DEFAULT_SIZE = 50
LARGEST_SIZE = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PageAsked:
    """Which page, counted from 0, of how many items."""

    number: int = 0
    size: int = DEFAULT_SIZE

    @property
    def offset(self) -> int:
        """How many items lie before it."""
        return self.number * self.size


def read_page(query: Mapping[str, str]) -> PageAsked:
    """The page that `Page` and `PageSize` ask for. Raises Refusal."""
    number = _whole(query.get("Page", "0"))
    if number is None:
        raise invalid("Page must be a whole number from 0, the first page.")
    size = _whole(query.get("PageSize", str(DEFAULT_SIZE)))
    if size is None or not 1 <= size <= LARGEST_SIZE:
        raise invalid(f"PageSize must be a whole number from 1 to {LARGEST_SIZE}.")
    return PageAsked(number=number, size=size)


def _whole(text: str) -> int | None:
    return int(text) if re.fullmatch("[0-9]{1,15}", text) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What surrounds the items of a page."""

    page: int
    num_pages: int
    page_size: int
    total: int
    start: str
    end: str
    uri: str
    first_page_uri: str
    previous_page_uri: str
    next_page_uri: str
    last_page_uri: str


def envelope(
    asked: PageAsked, total: int, *, path: str, filters: Mapping[str, str], last_sid: str | None
) -> Envelope:
    """What surrounds page `asked` of a list of `total` items at `path`, whose links keep `filters`.

    `last_sid` is the sid of the page's last item. Raises Refusal for a page past the end.
    """
    num_pages = total // asked.size
    if asked.number > num_pages:
        raise _past_the_end(num_pages)
    is_last = asked.number == num_pages
    start = asked.offset
    end = start + total % asked.size if is_last else start + asked.size - 1

    def link(number: int, **more: str) -> str:
        query = {"Page": str(number), "PageSize": str(asked.size), **filters, **more}
        return f"{path}?{urlencode(query)}"

    after = {"AfterSid": last_sid} if last_sid else {}
    return Envelope(
        page=asked.number,
        num_pages=num_pages,
        page_size=asked.size,
        total=total,
        start=str(start),
        end=str(end),
        uri=path,
        first_page_uri=link(0),
        previous_page_uri=link(asked.number - 1) if asked.number else "null",
        next_page_uri="null" if is_last else link(asked.number + 1, **after),
        last_page_uri=link(num_pages),
    )


def _past_the_end(num_pages: int) -> Refusal:
    return invalid(f"Page must not be greater than {num_pages}, the number of the last page.")
