"""The web application of the load runs, as fast as Python goes: it answers all servers alike and counts.

Runs in a process of its own, which is not counted. The extension of a path chooses the language:

    /menu.xml  .json  .txt     play a prompt, take one key
    /digit.xml .json  .txt     takes the key (Digits, digits, dtmf or d); answers: hang up
    /vobiz.xml                 the menu in Vobiz XML
    /play.xml                  play a long file for ever
    /fork.xml                  listen for speech for ever
    /park.xml                  wait for a key that never comes
    /barge-key.xml  /barge-speech.xml   play a long file until there is a key, or speech
    /status                    204
    /media/<file>              prompt.wav, long.wav
    /stats, /reset             what was asked so far, as JSON

    python -m bench.load.application --media folder [--port 0]
"""

import argparse
import asyncio
import json
import re
from collections import Counter
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

import uvloop

from bench.load.media import KEY
from bench.load.processes import end_with_parent

KEY_NAMES = ("Digits", "digits", "dtmf", "d")
LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d+)", re.IGNORECASE)
KIND = re.compile(rb"\r\ncontent-type:[ \t]*([^\r]*)", re.IGNORECASE)
CLOSE = re.compile(rb"\r\nconnection:[ \t]*close", re.IGNORECASE)
Answer = tuple[int, str, bytes]
NOTHING: Answer = (404, "text/plain", b"")


class Application:
    """What is answered, and what was asked."""

    def __init__(self, base: str, media: Path) -> None:
        self.counted: Counter[str] = Counter()
        self._pages: dict[str, Answer] = {
            path: (200, "application/json" if path.endswith("json") else "text/xml", body.encode())
            for path, body in _documents(base).items()
        }
        self._pages |= {
            "/menu.txt": (200, "text/plain", b"play:prompt;gather:1;timeout:5"),
            "/digit.txt": (200, "text/plain", b"hangup"),
            "/status": (204, "text/plain", b""),
        }
        for file in media.glob("*.wav"):
            self._pages[f"/media/{file.name}"] = (200, "audio/wav", file.read_bytes())

    def answer(self, path: str, query: str, body: bytes, kind: str) -> Answer:
        """Answer a request and count it."""
        if path in ("/stats", "/reset"):
            counted = json.dumps(self.counted).encode()
            if path == "/reset":
                self.counted.clear()
            return 200, "application/json", counted
        self.counted[path.partition(".")[0] if not path.startswith("/media") else "/media"] += 1
        if path.startswith("/digit"):
            keys = _keys(query, body, kind)
            self.counted["right keys" if keys == str(KEY) else "wrong keys"] += 1
        return self._pages.get(path, NOTHING)


def _documents(base: str) -> dict[str, str]:
    verbs = [
        {"verb": "gather", "numDigits": 1, "timeout": 5, "play": "prompt", "action": f"{base}/digit.json"}
    ]
    return {
        "/menu.xml": f'<Response><Gather numDigits="1" timeout="5" action="{base}/digit.xml">'
        f"<Play>{base}/media/prompt.wav</Play></Gather><Hangup/></Response>",
        "/menu.json": json.dumps({"verbs": verbs}),
        "/digit.xml": "<Response><Hangup/></Response>",
        "/digit.json": json.dumps({"verbs": [{"verb": "hangup"}]}),
        "/vobiz.xml": f'<Response><Gather numDigits="1" executionTimeout="5" action="{base}/digit.xml">'
        f"<Play>{base}/media/prompt.wav</Play></Gather><Hangup/></Response>",
        "/play.xml": f'<Response><Play loop="0">{base}/media/long.wav</Play></Response>',
        "/barge-key.xml": f'<Response><Gather numDigits="1" timeout="20" action="{base}/silence.xml">'
        f"<Play>{base}/media/long.wav</Play></Gather></Response>",
        "/barge-speech.xml": '<Response><Gather input="speech" hints="sales, support" preTimeout="20" postTimeout="20"'
        f' action="{base}/silence.xml"><Play>{base}/media/long.wav</Play></Gather></Response>',
        "/park.xml": f'<Response><Gather preTimeout="600" action="{base}/park.xml"/></Response>',
        "/silence.xml": '<Response><Pause length="20"/></Response>',
        "/fork.xml": f'<Response><Gather input="speech" preTimeout="3600" postTimeout="3600" action="{base}/fork.xml"'
        ' actionOnEmptyResult="true"/></Response>',
    }


def _keys(query: str, body: bytes, kind: str) -> str:
    pairs = parse_qs(query, keep_blank_values=True)
    if body and "json" in kind:
        pairs |= {name: [str(value)] for name, value in json.loads(body).items()}
    elif body:
        pairs |= parse_qs(body.decode("latin1"), keep_blank_values=True)
    return next((pairs[name][0] for name in KEY_NAMES if name in pairs), "")


class Connection(asyncio.Protocol):
    """One kept connection of HTTP/1.1."""

    def __init__(self, application: Application) -> None:
        self._application = application
        self._unread = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Count it."""
        self._transport = cast("asyncio.Transport", transport)
        self._application.counted["connections"] += 1

    def data_received(self, data: bytes) -> None:
        """Answer each request that is complete."""
        self._unread += data
        while (end := self._unread.find(b"\r\n\r\n")) >= 0:
            head = self._unread[:end]
            length = LENGTH.search(head)
            complete = end + 4 + (int(length[1]) if length else 0)
            if len(self._unread) < complete:
                return
            body, self._unread = self._unread[end + 4 : complete], self._unread[complete:]
            self._answer(head, body)

    def _answer(self, head: bytes, body: bytes) -> None:
        target = head.split(b" ", 2)[1].decode("latin1")
        path, _, query = target.partition("?")
        found = KIND.search(head)
        status, kind, content = self._application.answer(
            path, query, body, found[1].decode("latin1") if found else ""
        )
        is_last = CLOSE.search(head) is not None
        more = "Connection: close\r\n" if is_last else ""
        if path.startswith("/media/"):
            more += f'Cache-Control: max-age=3600\r\nETag: "{len(content)}"\r\n'
        start = (
            f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(content)}\r\n{more}\r\n"
        )
        self._transport.write(start.encode() + content)
        if is_last:
            self._transport.close()


async def serve(port: int, media: Path) -> None:
    """Answer until the process is ended; says its port first."""
    loop = asyncio.get_running_loop()
    made: list[Application] = []
    server = await loop.create_server(lambda: Connection(made[0]), "127.0.0.1", port, backlog=1024)
    bound: int = server.sockets[0].getsockname()[1]
    made.append(Application(f"http://127.0.0.1:{bound}", media))
    print("ready", bound, flush=True)
    await server.serve_forever()


def main() -> None:
    """Serve what the command line says."""
    parser = argparse.ArgumentParser(description="The web application of the load runs.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--media", type=Path, required=True)
    asked = parser.parse_args()
    end_with_parent()
    uvloop.run(serve(asked.port, asked.media))


if __name__ == "__main__":
    main()
