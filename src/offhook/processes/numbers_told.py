"""Numbers as REST changes them: each change is told to the workers, which remember numbers for a moment."""

from collections.abc import Callable

from offhook.call.listing import NumberFilter, Page
from offhook.call.rows import NumberRow
from offhook.records.numbers import Numbers


class NumbersTold:
    """Fills `rest.ports.Numbers`. `tell` returns when the workers know; it may block."""

    def __init__(self, numbers: Numbers, tell: Callable[[], None]) -> None:
        self._numbers = numbers
        self._tell = tell

    def create(self, number: NumberRow) -> bool:
        """Keep a new number; False where some account has it already."""
        return self._told(self._numbers.create(number))

    def get(self, account_sid: str, sid: str) -> NumberRow | None:
        """The account's number with this sid."""
        return self._numbers.get(account_sid, sid)

    def named(self, *spellings: str) -> NumberRow | None:
        """The number that is spelled in one of these ways, whose account ever it belongs to."""
        return self._numbers.named(*spellings)

    def update(self, number: NumberRow) -> bool:
        """Keep new properties of a number; False where the account does not have it."""
        return self._told(self._numbers.update(number))

    def delete(self, account_sid: str, sid: str) -> bool:
        """Give the number up; False where the account does not have it."""
        return self._told(self._numbers.delete(account_sid, sid))

    def page(self, account_sid: str, wanted: NumberFilter, *, offset: int, limit: int) -> Page[NumberRow]:
        """A stretch of the account's numbers, newest first."""
        return self._numbers.page(account_sid, wanted, offset=offset, limit=limit)

    def count_patterns(self, account_sid: str) -> int:
        """How many of the account's numbers are patterns."""
        return self._numbers.count_patterns(account_sid)

    def _told(self, is_changed: bool) -> bool:
        if is_changed:
            self._tell()
        return is_changed
