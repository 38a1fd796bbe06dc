"""Applications at the other end of a stream, each following a script. They keep the contract of `interpreter.stream_ports`
without any network.

A script is a list of deeds, each with its time in seconds since the connection was made:

    (0.5, '{"event": ...}')     sends a message
    (2.0, CLOSES)               closes the connection; BREAKS loses it
    (1.0, STALLS)               takes nothing more; GOES_ON takes everything again
"""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from offhook.interpreter.stream_ports import Message, StreamBroke

CLOSES, BREAKS, STALLS, GOES_ON = "closes", "breaks", "stalls", "goes on"

Script = Sequence[tuple[float, Message]]


class ScriptedLine:
    """Fills `stream_ports.StreamLine`. Make it inside a running event loop; the script starts at once."""

    def __init__(self, url: str, signature: str, script: Script) -> None:
        self.url = url
        self.signature = signature
        self.heard: list[tuple[float, Message]] = []
        """What the application was sent, and when, in seconds of the loop's clock."""
        self._loop = asyncio.get_running_loop()
        self._said: asyncio.Queue[Message | StreamBroke] = asyncio.Queue()
        self._takes = asyncio.Event()
        self._takes.set()
        self._end: StreamBroke | None = None
        self.is_open = True
        for after_s, deed in script:
            self._loop.call_later(after_s, self._do, deed)

    async def send(self, message: Message) -> None:
        """Let the application have a message. Raises StreamBroke."""
        await self._takes.wait()
        if self._end is not None:
            raise self._end
        self.heard.append((self._loop.time(), message))

    async def messages(self) -> AsyncIterator[Message]:
        """What the application says. Raises StreamBroke at its end."""
        while True:
            said = await self._said.get()
            if isinstance(said, StreamBroke):
                raise said
            yield said

    @property
    def events(self) -> list[dict[str, Any]]:
        """What it was sent as JSON."""
        return [json.loads(message) for _, message in self.heard]

    def _do(self, deed: Message) -> None:
        if deed == CLOSES:
            self._over(StreamBroke("the application closed the connection", was_closed=True))
        elif deed == BREAKS:
            self._over(StreamBroke("the connection broke"))
        elif deed == STALLS:
            self._takes.clear()
        elif deed == GOES_ON:
            self._takes.set()
        else:
            self._said.put_nowait(deed)

    def _over(self, end: StreamBroke) -> None:
        self._end = end
        self._takes.set()
        self._said.put_nowait(end)


class ScriptedLines:
    """Fills `stream_ports.StreamLines`: the first line leads to the first script, and so on; an error in the place of a
    script is raised. After the last, no line can be opened."""

    def __init__(self, *scripts: Script | StreamBroke) -> None:
        self._scripts = list(scripts)
        self.lines: list[ScriptedLine] = []
        """All that were opened."""

    @asynccontextmanager
    async def line(self, url: str, signature: str) -> AsyncIterator[ScriptedLine]:
        """A block with an open line. Raises StreamBroke."""
        script = self._scripts.pop(0) if self._scripts else StreamBroke("nobody is there")
        if isinstance(script, StreamBroke):
            raise script
        line = ScriptedLine(url, signature, script)
        self.lines.append(line)
        try:
            yield line
        finally:
            line.is_open = False
