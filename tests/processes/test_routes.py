"""Numbers are remembered for a moment, never beyond a change, and never from before one."""

import asyncio
import threading
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from offhook.call.errors import RecordsAway
from offhook.call.number_patterns import is_pattern
from offhook.call.rows import NumberRow
from offhook.processes.routes import KEEP_S, Routes


@dataclass
class Table:
    """Numbers that can be found; None for those that nobody has."""

    looked_up: list[str] = field(default_factory=list)
    now: float = 0.0

    def find(self, called: str) -> NumberRow | None:
        self.looked_up.append(called)
        return None

    def clock(self) -> float:
        return self.now


async def test_a_number_is_looked_up_once_in_a_while() -> None:
    table = Table()
    routes = Routes(table.find, is_quick=True, clock=table.clock)
    for _ in range(3):
        await routes.find("1000")
    await routes.find("2000")
    assert table.looked_up == ["1000", "2000"]
    table.now = KEEP_S
    await routes.find("1000")
    assert table.looked_up == ["1000", "2000", "1000"]


async def test_a_change_is_known_at_once() -> None:
    table = Table()
    routes = Routes(table.find, is_quick=True, clock=table.clock)
    await routes.find("1000")
    routes.forget()
    await routes.find("1000")
    assert table.looked_up == ["1000", "1000"]


async def test_an_answer_from_before_a_change_is_not_remembered() -> None:
    asked, go_on = threading.Event(), threading.Event()
    looked_up: list[str] = []

    def find(called: str) -> NumberRow | None:
        looked_up.append(called)
        asked.set()
        go_on.wait(60)
        return None

    routes = Routes(find, is_quick=False)
    first = asyncio.create_task(routes.find("1000"))
    await asyncio.to_thread(asked.wait, 60)
    routes.forget()
    go_on.set()
    await first
    await routes.find("1000")
    assert len(looked_up) == 2


def number(phone_number: str) -> NumberRow:
    return NumberRow(
        sid=f"PN{phone_number}",
        account_sid="AC1",
        phone_number=phone_number,
        friendly_name=phone_number,
        api_version="2012-04-24",
        date_created=datetime(2026, 1, 1, tzinfo=UTC),
        date_updated=datetime(2026, 1, 1, tzinfo=UTC),
    )


@dataclass
class TableThatLeaves:
    """Numbers in a database that may be away."""

    numbers: list[NumberRow]
    is_away: bool = False

    def find(self, called: str) -> NumberRow | None:
        found = {number.phone_number: number for number in self.all(100)}
        return found.get(called)

    def all(self, most: int) -> list[NumberRow]:
        if self.is_away:
            raise RecordsAway("connection refused")
        return self.numbers[:most]


async def test_while_the_database_is_away_numbers_are_found_as_they_were_last_known() -> None:
    table = TableThatLeaves([number("+4930123"), number("1000")])
    routes = Routes(table.find, copy=table.all, is_quick=True)
    await routes.copy_now()
    table.is_away = True
    assert await routes.find("1000") == number("1000")
    assert await routes.find("4930123") == number("+4930123")
    assert await routes.find("2000") is None
    await routes.copy_now()
    assert await routes.find("1000") == number("1000")
    table.is_away = False
    table.numbers = [number("2000")]
    assert await routes.find("1000") is None
    assert await routes.find("2000") == number("2000")


async def test_a_number_that_is_gone_is_not_in_the_next_copy() -> None:
    table = TableThatLeaves([number("1000")])
    routes = Routes(table.find, copy=table.all, is_quick=True)
    await routes.copy_now()
    table.numbers = []
    await routes.copy_now()
    table.is_away = True
    assert await routes.find("1000") is None


async def test_patterns_answer_from_memory_too_the_longest_first() -> None:
    rows = [
        replace(number(text), is_sip=True, is_pattern=is_pattern(text))
        for text in ("1[0-9]+", "12[0-9]{2}", "1234", "*")
    ]

    def away(_called: str) -> NumberRow | None:
        raise RecordsAway

    routes = Routes(away, is_quick=True, copy=lambda _most: rows)
    await routes.copy_now()
    for called, found in (
        ("1234", "1234"),
        ("1235", "12[0-9]{2}"),
        ("+1235", "12[0-9]{2}"),
        ("13", "1[0-9]+"),
        ("99", "*"),
        ("ada", None),
    ):
        answer = await routes.find(called)
        assert (answer.phone_number if answer else None) == found
