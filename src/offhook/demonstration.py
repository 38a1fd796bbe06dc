"""`make demo`: a server, the example application and a phone meet on this machine, and everything that happens is
shown: what was said, heard, posted and stored. Nothing is played back from a script but the phone's one word."""

import asyncio
import json
import os
import re
import signal
import socket
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from rich.console import Console
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from offhook.phone.phone import Phone, PhoneSettings
from offhook.phone.script import Speak
from offhook.phone.speech import CLEAR_WORDS_PER_MINUTE, speech_process
from offhook.processes.demo import DEMO, load_demo
from offhook.processes.quiet_server import QuietServer, listening_socket
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.voice import EmbeddedVoice

NUMBER = "1000"
WORD = "sales"
START_S = 60.0
PLAIN_WIDTH = 120
"""How wide the story is told where it goes into a file."""
SHOWN_PARAMETERS = ("CallStatus", "SpeechResult", "Confidence", "Digits")


class DemoFailed(RuntimeError):
    """The demonstration did not come to its end; the text says where it stopped."""


@dataclass(slots=True)
class Happening:
    """One line of the story."""

    at: float
    who: str
    what: str


@dataclass(slots=True)
class Story:
    """What happened, told on one clock: the event loop's."""

    happenings: list[Happening] = field(default_factory=list)

    def tell(self, who: str, what: str, at: float | None = None) -> None:
        """Add a line; now, unless `at` is given."""
        now = asyncio.get_running_loop().time()
        self.happenings.append(Happening(now if at is None else at, who, what))


class Overheard:
    """ASGI middleware that tells the story of each request to the application and its answer."""

    def __init__(self, app: ASGIApp, story: Story) -> None:
        self._app = app
        self._story = story

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass one request on, and listen."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        body, answer = await _whole_body(receive), bytearray()

        async def heard() -> Message:
            return {"type": "http.request", "body": body}

        async def said(message: Message) -> None:
            answer.extend(message.get("body", b""))
            await send(message)

        at = asyncio.get_running_loop().time()
        await self._app(scope, heard, said)
        form = httpx2.QueryParams(body.decode())
        shown = "  ".join(f"{name}={form[name]}" for name in SHOWN_PARAMETERS if form.get(name))
        self._story.tell("server", f"asks the application: {scope['method']} {scope['path']}  {shown}", at)
        self._story.tell("application", f"answers: {_in_short(bytes(answer).decode())}")


async def _whole_body(receive: Receive) -> bytes:
    """The body of a request, which the application itself may not care for."""
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


def demonstrate() -> int:
    """Run the demonstration; 0 when all of it worked."""
    console = Console(highlight=False, soft_wrap=True, width=None if sys.stdout.isatty() else PLAIN_WIDTH)
    try:
        with tempfile.TemporaryDirectory(prefix="offhook-demo-") as folder:
            asyncio.run(_demonstrate(console, Path(folder)))
    except DemoFailed as failed:
        console.print(f"\n[bold red]The demonstration stopped:[/] {failed}")
        return 1
    return 0


async def _demonstrate(console: Console, folder: Path) -> None:
    story = Story()
    console.print(
        "[bold]Offhook, a programmable voice server.[/] Everything below is real, and on this machine only.\n"
    )
    async with _application(story) as application_port, _server(folder) as (rest, sip, account):
        console.print(f"  server       SIP at {sip}, REST at {rest}")
        console.print(f"  application  examples/{DEMO}, at http://127.0.0.1:{application_port}/voice")
        async with httpx2.AsyncClient(
            base_url=f"{rest}/restcomm/2012-04-24/Accounts/{account[0]}", auth=account, trust_env=False
        ) as client:
            await _give_number(client, application_port)
            console.print(f"  number       {NUMBER}, made over REST, answered by the application")
            console.print(
                f'\nA phone calls sip:{NUMBER}@{sip}, waits for the menu to end and says "{WORD}" …\n'
            )
            await _call(f"sip:{NUMBER}@{sip}", story)
            console.print(_table(story))
            records = await _records(client)
    _show_record(console, rest, account[0], records)


@asynccontextmanager
async def _application(story: Story) -> AsyncIterator[int]:
    """The example, served on a free port."""
    server = QuietServer(Overheard(load_demo(), story))
    bound = listening_socket("127.0.0.1", 0)
    serving = asyncio.create_task(server.serve(sockets=[bound]))
    try:
        yield bound.getsockname()[1]
    finally:
        server.stop()
        await serving


@asynccontextmanager
async def _server(folder: Path) -> AsyncIterator[tuple[str, str, tuple[str, str]]]:
    """A server of our own on free ports: its REST and SIP addresses, and its account and token."""
    http_port, sip_port = _free_port(socket.SOCK_STREAM), _free_port(socket.SOCK_DGRAM)
    account = (f"AC{os.urandom(16).hex()}", os.urandom(16).hex())
    environment = {
        **os.environ,
        "OFFHOOK_DATA_DIR": str(folder),
        "OFFHOOK_DATABASE_URL": "",
        "OFFHOOK_HTTP_HOST": "127.0.0.1",
        "OFFHOOK_HTTP_PORT": str(http_port),
        "OFFHOOK_SIP_HOST": "127.0.0.1",
        "OFFHOOK_SIP_PORT": str(sip_port),
        "OFFHOOK_SIP_TRANSPORTS": "udp",
        "OFFHOOK_ACCOUNT_SID": account[0],
        "OFFHOOK_AUTH_TOKEN": account[1],
        "OFFHOOK_ASR": "embedded",
        "OFFHOOK_TTS": "embedded",
        "OFFHOOK_DEV": "1",
    }
    log_path = folder / "server.log"
    with log_path.open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "offhook", "serve", env=environment, stdout=log, stderr=log
        )
    try:
        await _until_ready(f"http://127.0.0.1:{http_port}/readyz", process, log_path)
        yield f"http://127.0.0.1:{http_port}", f"127.0.0.1:{sip_port}", account
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.wait()


async def _until_ready(health: str, process: asyncio.subprocess.Process, log: Path) -> None:
    deadline = time.monotonic() + START_S
    async with httpx2.AsyncClient(trust_env=False, timeout=2.0) as client:
        while time.monotonic() < deadline:
            if process.returncode is not None:
                raise DemoFailed(f"the server did not start:\n{log.read_text()[-2000:]}")
            try:
                if (await client.get(health)).status_code == 200:
                    return
            except httpx2.HTTPError:
                pass
            await asyncio.sleep(0.1)
    raise DemoFailed(f"the server was not ready within {START_S:g} s:\n{log.read_text()[-2000:]}")


async def _give_number(client: httpx2.AsyncClient, application_port: int) -> None:
    answer = await client.post(
        "/IncomingPhoneNumbers.json",
        data={
            "PhoneNumber": NUMBER,
            "isSIP": "true",
            "VoiceUrl": f"http://127.0.0.1:{application_port}/voice",
        },
    )
    if answer.status_code != 200:
        raise DemoFailed(f"the number could not be made: {answer.text}")


async def _call(uri: str, story: Story) -> None:
    loop = asyncio.get_running_loop()
    async with speech_process("voice") as path:
        voice = EmbeddedVoice(path, words_per_minute=CLEAR_WORDS_PER_MINUTE)

        async def speak(text: str) -> bytes:
            return b"".join([piece async for piece in voice.speak(text, VoiceOptions(voice="adam"))])

        phone = Phone(uri, (Speak(WORD),), PhoneSettings(caller="+15550100"), speak=speak)
        report = await phone.call()
        await voice.close()
    dialled_at = loop.time() - phone.seconds_since_dialled
    if not report.connected:
        raise DemoFailed(f"the call was not answered: {report.sip_status} {report.reason}")
    story.tell("phone", f"dials {uri}", dialled_at)
    story.tell("server", "answers the call", dialled_at + (report.answered_at or 0))
    for sound in report.sounds:
        story.tell("phone", f"hears {sound.end - sound.begin:.1f} s of speech", dialled_at + sound.begin)
    for deed in report.did:
        story.tell("phone", f'says "{deed.value}"', dialled_at + deed.at)
    story.tell("phone", f"the call is over, ended by the {report.ended_by}", dialled_at + report.ended_at)


async def _records(client: httpx2.AsyncClient) -> dict[str, Any]:
    answer = await client.get("/Gathers/Speech", params={"Extended": "true"})
    told: dict[str, Any] = answer.json()
    if answer.status_code != 200 or not told["gathers"]:
        raise DemoFailed(f"REST has no Gather Speech record: {answer.text}")
    return told


def _table(story: Story) -> Table:
    table = Table(box=None, pad_edge=False, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(justify="right", style="dim", no_wrap=True)
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    colours = {"phone": "cyan", "server": "yellow", "application": "green"}
    happenings = sorted(story.happenings, key=lambda happening: happening.at)
    for happening in happenings:
        seconds = happening.at - happenings[0].at
        table.add_row(f"{seconds:6.2f} s", Text(happening.who, colours[happening.who]), Text(happening.what))
    return table


def _show_record(console: Console, rest: str, account_sid: str, records: dict[str, Any]) -> None:
    record = records["gathers"][0]
    understood = record.pop("speech_result"), record.pop("confidence", None)
    for extra in ("digits", "ended_by"):
        record.pop(extra, None)
    path = f"/restcomm/2012-04-24/Accounts/{account_sid}/Gathers/Speech/{record['sid']}"
    console.print(f"\nREST keeps the Gather Speech record: GET {rest}{path}\n")
    console.print(Syntax("", "json", background_color="default").highlight(json.dumps(record, indent=2)))
    if understood[0] != WORD:
        raise DemoFailed(f'"{WORD}" was said, and {understood[0] or "nothing"!r} was understood')
    console.print(f'\n[bold green]"{WORD}" was said, heard, posted and stored.[/]', end="")
    console.print(f" Confidence {understood[1]:.2f}.\n" if understood[1] is not None else "\n")
    console.print(
        "[bold]make serve[/] runs the server; call sip:demo@127.0.0.1:5060 with any softphone on this machine."
    )


def _in_short(document: str) -> str:
    """A document on one line."""
    text = re.sub(r"<\?xml.*?\?>", "", document)
    return re.sub(r">\s+<", "><", " ".join(text.split()))


def _free_port(kind: socket.SocketKind) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
