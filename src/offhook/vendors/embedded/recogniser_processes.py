"""The recogniser processes, as one worker knows them: how busy each is, and which of them do not answer."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import structlog

from offhook.vendors.embedded.connection import CONNECT_S, TRY_AGAIN_S, is_alive
from offhook.vendors.embedded.link import Link, LinkOwner

log = structlog.get_logger()


class NobodyHears(Exception):
    """There is no process for an utterance; the text says why."""


class RecogniserProcesses:
    """All of them, by their sockets."""

    def __init__(self, sockets: Sequence[Path]) -> None:
        if not sockets:
            raise ValueError("the embedded recogniser needs the socket of at least one process")
        self._sockets = tuple(sockets)
        self._in_use: Counter[Path] = Counter()
        self._stuck: set[Path] = set()

    @asynccontextmanager
    async def link(self, owner: LinkOwner, *, but: Path | None, until: float) -> AsyncIterator[Link]:
        """A block with a connection to the process that hears the fewest utterances.

        Those that do not answer come last, and `but` before them. Where none can be reached, tries again till
        `until`, a time of the event loop, and raises NobodyHears.
        """
        link = await self._connected(owner, but)
        while link is None:
            if asyncio.get_running_loop().time() >= until:
                raise NobodyHears("no recogniser process is there")
            await asyncio.sleep(TRY_AGAIN_S)
            link = await self._connected(owner, but)
        self._in_use[link.path] += 1
        try:
            yield link
        finally:
            self._in_use[link.path] -= 1
            await link.close()

    async def is_alive(self, path: Path) -> bool:
        """Whether a process does what it is asked; one that does not is asked last from now on."""
        if await is_alive(path):
            self.answers(path)
            return True
        if path not in self._stuck:
            log.warning("recogniser.does_not_answer", socket=str(path))
        self._stuck.add(path)
        return False

    def answers(self, path: Path) -> None:
        """A process said something."""
        self._stuck.discard(path)

    def has_another(self, path: Path) -> bool:
        """Whether there is a process besides this one that is not known to be stuck."""
        return any(other != path and other not in self._stuck for other in self._sockets)

    async def _connected(self, owner: LinkOwner, but: Path | None) -> Link | None:
        loop = asyncio.get_running_loop()
        for path in sorted(
            self._sockets, key=lambda path: (path in self._stuck, path == but, self._in_use[path])
        ):
            link = Link(path, owner)
            try:
                async with asyncio.timeout(CONNECT_S):
                    await loop.create_unix_connection(lambda link=link: link, str(path))  # type: ignore[misc]
            except OSError as error:  # a TimeoutError is one
                log.debug("recogniser.unreachable", socket=str(path), error=str(error))
            else:
                return link
        return None
