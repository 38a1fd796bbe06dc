"""Numbers are remembered for a moment, never beyond a change, and never from before one."""

import asyncio
import threading
from dataclasses import dataclass, field

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
