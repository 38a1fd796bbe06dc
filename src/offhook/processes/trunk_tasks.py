"""One task for each trunk that is wanted, for as long as the trunk stays as it is: asking and registering both go by it."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog

from offhook.call.trunks import Trunk
from offhook.processes.trunk_book import TrunkBook

log = structlog.get_logger()

Keep = Callable[[Trunk], Awaitable[None]]
"""What is done about one trunk, until cancelled."""


async def _nothing(_trunk: Trunk) -> None:
    """Nobody has to be told that a trunk is kept no more."""


class TrunkTasks:
    """The tasks of one kind. Belongs to the event loop."""

    def __init__(
        self,
        book: TrunkBook,
        name: str,
        keep_one: Keep,
        *,
        is_wanted: Callable[[Trunk], bool],
        let_go: Keep = _nothing,
    ) -> None:
        """`name` is theirs, before the trunk's. `let_go` is awaited when a trunk is wanted no more, after its task has ended."""
        self._book = book
        self._name = name
        self._keep_one = keep_one
        self._is_wanted = is_wanted
        self._let_go = let_go
        self._kept: dict[str, tuple[Trunk, asyncio.Task[None]]] = {}

    async def keep(self) -> None:
        """Follow the book, until cancelled; then all tasks have ended.

        A trunk that changed is begun anew. What ends with an error is told once, and begun again when its trunk changes.
        """
        changed = asyncio.Event()
        changed.set()
        self._book.on_change(changed.set)
        async with asyncio.TaskGroup() as tasks:
            while True:
                await changed.wait()
                changed.clear()
                await self._follow(tasks)

    async def _follow(self, tasks: asyncio.TaskGroup) -> None:
        wanted = {trunk.sid: trunk for trunk in self._book.kept if self._is_wanted(trunk)}
        over = [(trunk, task) for sid, (trunk, task) in self._kept.items() if wanted.get(sid) != trunk]
        for _, task in over:
            task.cancel()
        if over:
            await asyncio.wait([task for _, task in over])
        for trunk, _ in over:
            del self._kept[trunk.sid]
            if trunk.sid not in wanted:
                log.info("trunk.let_go", trunk=trunk.name, task=self._name)
                await self._told_if_broken(self._let_go, trunk)
        for sid, trunk in wanted.items():
            if sid not in self._kept:
                task = tasks.create_task(
                    self._told_if_broken(self._keep_one, trunk), name=f"{self._name} {trunk.name}"
                )
                self._kept[sid] = trunk, task

    async def _told_if_broken(self, do: Keep, trunk: Trunk) -> None:
        """One that breaks is a fault of ours; the others, and the server, go on."""
        try:
            await do(trunk)
        except Exception:
            log.exception("trunk.watch_broke", trunk=trunk.name, task=self._name)
