"""What each part of the bench needs around it: a server as an operator runs it, and an application that notes its times."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.system.server import Server, running_server
from tests.webhooks.server import Application, Connection, Received, application, page

from bench.load.contenders import RTP_PORTS, WARNING, raise_descriptor_limit
from bench.load.media import as_wav, speech_like

TONE_S = 20.0
TONE_PATH = "/tone.wav"


@contextmanager
def server(**settings: str) -> Iterator[Server]:
    """A block with a fresh server; `settings` are OFFHOOK_… without the prefix."""
    raise_descriptor_limit()
    chosen = {"RTP_PORTS": RTP_PORTS, "LOG_LEVEL": "warning", **settings}
    with (
        tempfile.TemporaryDirectory(prefix="offhook-bench-") as folder,
        running_server(Path(folder), **chosen) as running,
    ):
        yield running


def warnings_of(running: Server) -> list[str]:
    """What its log warned of, a line for each kind with how often."""
    counted: dict[str, int] = {}
    for line in running.output.text.splitlines():
        if found := WARNING.search(line):
            counted[found[1]] = counted.get(found[1], 0) + 1
    return [f"the server's log has {count} x {what}" for what, count in sorted(counted.items())]


@dataclass(frozen=True, slots=True)
class Asked:
    """One request for a page."""

    at: float
    """When it was there as a whole."""
    form: dict[str, str]


@dataclass(slots=True)
class Page:
    """A page that is made anew for each request, and answered when the caller is ready for it."""

    make: Callable[[], str]
    asked: asyncio.Queue[Asked] = field(default_factory=asyncio.Queue)
    ready: asyncio.Queue[None] = field(default_factory=asyncio.Queue)
    answered: asyncio.Queue[float] = field(default_factory=asyncio.Queue)
    """When each answer left."""

    async def script(self, received: Received, connection: Connection) -> None:
        """Answers one request."""
        loop = asyncio.get_running_loop()
        self.asked.put_nowait(Asked(loop.time(), dict(received.form)))
        await self.ready.get()
        document = page(200, f"<Response>{self.make()}</Response>")
        self.answered.put_nowait(loop.time())
        await document(received, connection)

    async def answer(self) -> float:
        """Let the application answer; when its answer left. Raises TimeoutError where nobody asks."""
        self.ready.put_nowait(None)
        async with asyncio.timeout(20):
            return await self.answered.get()

    async def was_asked(self, *, within_s: float = 20.0) -> Asked:
        """The next request. Raises TimeoutError."""
        async with asyncio.timeout(within_s):
            return await self.asked.get()


@asynccontextmanager
async def pages(running: Server, **makers: Callable[[str], str]) -> AsyncIterator[dict[str, Page]]:
    """A block with an application: one page for each name, and a number of that name which it answers.

    A maker is given the page's own address and gives the verbs of a document. /tone.wav is sound without a pause.
    """
    async with application() as app:
        app.on(
            TONE_PATH, page(200, as_wav(speech_like(TONE_S, 1.0)), "audio/wav", Cache_Control="max-age=600")
        )
        found = {name: _page(app, running, name, make) for name, make in makers.items()}
        yield found


def _page(app: Application, running: Server, name: str, make: Callable[[str], str]) -> Page:
    url = f"{app.url}/{name}"
    made = Page(lambda: make(url))
    app.scripts[f"/{name}"] = made.script
    running.give_number(f"bench-{name}", url)
    return made
