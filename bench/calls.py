"""How quickly a call is answered, a key and a word reach the application, and how large an idle server is.

Starts a server as an operator would, an application that answers at once, and a telephone of raw sockets that
times every packet. Prints a table; ends with status 1 where a goal is missed. Takes about three minutes.

    python -m bench.calls [--samples 50] [--json figures.json]
"""

import argparse
import asyncio
import audioop
import functools
import json
import statistics
import sys
import tempfile
from array import array
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from random import Random

from rich.console import Console
from rich.table import Table
from tests.sip.peer import Peer
from tests.system.server import Server, running_server
from tests.webhooks.server import Application, Received, application, page

from offhook.phone.speech import speech_process
from offhook.speech.ear import Ear
from offhook.speech.pcm import FRAME_BYTES, FRAME_S
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.voice import EmbeddedVoice

POST_TIMEOUT_S = 0.8
SPACING_S = 0.1
"""Between calls: quicker ones wait at the gate that the PyPI build of PJSIP needs (25 new calls a second)."""
AUDIBLE = 300
"""A sample above this is sound."""
KEY_MENU = """<Response><Gather numDigits="1" action="key" timeout="20"/></Response>"""
SPEECH_MENU = f"""<Response><Gather input="speech" hints="sales, support, billing, operator" action="heard"
  preTimeout="20" postTimeout="{POST_TIMEOUT_S}" actionOnEmptyResult="true"/></Response>"""
PROMPT_MENU = (
    """<Response><Gather numDigits="1" action="key" timeout="20"><Play>tone.wav</Play></Gather></Response>"""
)


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of the table."""

    what: str
    samples: int
    p50: float
    p95: float
    unit: str
    goal: float | None = None
    """The most that p50 may be; None where it is only told."""

    @property
    def is_met(self) -> bool:
        """Whether the goal is met."""
        return self.goal is None or self.p50 <= self.goal


def figure(what: str, seconds: list[float], goal_ms: float | None = None) -> Figure:
    """The figure of delays."""
    took = sorted(1000 * value for value in seconds)
    return Figure(what, len(took), statistics.median(took), took[int(0.95 * (len(took) - 1))], "ms", goal_ms)


def main() -> int:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--samples", type=int, default=50)
    parser.add_argument("--json", type=Path)
    arguments = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="offhook-bench-") as folder,
        running_server(Path(folder)) as server,
    ):
        figures = [idle_size(server)]
        figures += asyncio.run(measure(server, arguments.samples))
    report(figures)
    if arguments.json is not None:
        arguments.json.write_text(json.dumps([asdict(figure) for figure in figures], indent=2) + "\n")
    return 0 if all(figure.is_met for figure in figures) else 1


def idle_size(server: Server) -> Figure:
    """PSS of all processes together, none of which has had a call yet."""
    pids = [server.process.pid, *server.children().values()]
    return Figure("idle server, all processes", 1, sum(map(pss_mb, pids)), 0.0, "MB PSS", 350.0)


def pss_mb(pid: int) -> float:
    """What a process holds, shared pages divided among those who share them."""
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) / 1024
    return 0.0


async def measure(server: Server, samples: int) -> list[Figure]:
    """All delays."""
    async with application() as app:
        times = clocked(app)
        app.on("/answer", page(200, "<Response><Pause length='20'/></Response>"))
        app.on("/say", page(200, "<Response><Say>Hello</Say></Response>"))
        app.on("/key", page(200, KEY_MENU))
        app.on("/prompt", page(200, PROMPT_MENU))
        app.on("/tone.wav", page(200, tone_wav(), "audio/wav"))
        app.on("/heard", page(200, SPEECH_MENU))
        for name in ("answer", "say", "key", "prompt", "heard"):
            server.give_number(f"bench-{name}", f"{app.url}/{name}")
        figures = [await answer_delay(server, samples)]
        figures += await key_delay(server, times, samples)
        figures.append(await silence_delay(server, samples))
        figures += await speech_delay(server, app, times, samples)
    return figures


def clocked(app: Application) -> list[tuple[float, str]]:
    """When which path was asked for; grows as it happens."""
    times: list[tuple[float, str]] = []
    loop = asyncio.get_running_loop()

    class Clocked(list[Received]):
        def append(self, received: Received) -> None:
            times.append((loop.time(), received.path))
            super().append(received)

    app.requests = Clocked()
    return times


async def answer_delay(server: Server, samples: int) -> Figure:
    """INVITE to 200, with one webhook between."""
    took = []
    for _ in range(samples):
        peer = await Peer.open()
        began = peer.loop.time()
        assert (await peer.invite("bench-say", server.sip_port)).status == 200
        answered = next(
            at for at, message in zip(peer.message_times, peer.messages, strict=True) if message.status == 200
        )
        took.append(answered - began)
        await peer.bye()
        await peer.close()
        await asyncio.sleep(SPACING_S)
    return figure("INVITE to 200, one webhook between", took, 60.0)


async def key_delay(server: Server, times: list[tuple[float, str]], samples: int) -> list[Figure]:
    """First packet of a key to the action webhook."""
    peer = await Peer.open()
    assert (await peer.invite("bench-key", server.sip_port)).status == 200
    await asyncio.sleep(0.5)
    took = []
    for _ in range(samples):
        before = len(times)
        pressed_at = peer.press("5")
        await until(functools.partial(is_longer, times, before))
        took.append(times[before][0] - pressed_at)
        await asyncio.sleep(0.3)
    await peer.bye()
    await peer.close()
    return [figure("key to action webhook", took, 30.0)]


async def silence_delay(server: Server, samples: int) -> Figure:
    """First packet of a key to the last packet of the prompt."""
    took, chance = [], Random(1)
    peer = await Peer.open()
    assert (await peer.invite("bench-prompt", server.sip_port)).status == 200
    for _ in range(min(samples, 20)):
        await peer.hears_something()
        await asyncio.sleep(chance.uniform(0.3, 0.4))
        pressed_at = peer.press("5")
        await asyncio.sleep(0.2)
        last = max(packet.at for packet in peer.heard if packet.is_sound)
        took.append(max(0.0, last - pressed_at))
        await peer.bye()
        await peer.close()
        peer = await Peer.open()
        assert (await peer.invite("bench-prompt", server.sip_port)).status == 200
    await peer.bye()
    await peer.close()
    return figure("key to the last packet of the prompt", took, 40.0)


async def speech_delay(
    server: Server, app: Application, times: list[tuple[float, str]], samples: int
) -> list[Figure]:
    """A word's end to the action webhook: less postTimeout, from the last voiced frame and from the true end."""
    words = ("sales", "support", "billing", "operator")
    spoken = await speak(words)
    from_voiced, from_end, right, early = [], [], 0, 0
    peer = await Peer.open()
    assert (await peer.invite("bench-heard", server.sip_port)).status == 200
    await asyncio.sleep(0.5)
    for number in range(samples):
        word = words[number % len(words)]
        before = len(times)
        said_at = peer.loop.time()
        peer.say(spoken[word])
        await until(functools.partial(is_longer, times, before))
        at = times[before][0]
        from_voiced.append(at - said_at - last_voiced_s(spoken[word]) - POST_TIMEOUT_S)
        from_end.append(at - said_at - true_end_s(spoken[word]) - POST_TIMEOUT_S)
        early += at - said_at < true_end_s(spoken[word])
        right += dict(app.requests[-1].form)["SpeechResult"] == word if app.requests else 0
        await asyncio.sleep(0.3)
    await peer.bye()
    await peer.close()
    return [
        figure("last voiced frame to action webhook, less postTimeout", from_voiced, 60.0),
        figure("true end of speech to action webhook, less postTimeout", from_end),
        Figure("words understood", samples, 100 * right / samples, 0.0, "%"),
        Figure("words cut short", samples, 100 * early / samples, 0.0, "%"),
    ]


async def speak(words: tuple[str, ...]) -> dict[str, bytes]:
    """The words, spoken by the embedded voice."""
    async with speech_process("voice") as path:
        voice, adam = EmbeddedVoice(path, words_per_minute=175), VoiceOptions(voice="adam")
        spoken = {word: b"".join([pcm async for pcm in voice.speak(word, adam)]) for word in words}
        await voice.close()
    return spoken


def last_voiced_s(pcm: bytes) -> float:
    """When the ear hears the last voiced frame of a word, as it comes over a µ-law line."""
    line = audioop.ulaw2lin(audioop.lin2ulaw(pcm + bytes(FRAME_BYTES * 100), 2), 2)
    ear = Ear()
    for index in range(len(line) // FRAME_BYTES):
        ear.hear(line[index * FRAME_BYTES : (index + 1) * FRAME_BYTES], (index + 1) * FRAME_S)
    return ear.last_voiced_at or 0.0


def true_end_s(pcm: bytes) -> float:
    """When the last audible sample of a word is over."""
    samples = array("h", pcm)
    return max((index for index, sample in enumerate(samples) if abs(sample) > AUDIBLE), default=0) / 8000


def tone_wav() -> bytes:
    """Ten seconds of a tone as a WAV file."""
    import io
    import math
    import wave

    written = io.BytesIO()
    with wave.open(written, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(array("h", (int(8000 * math.sin(n / 3)) for n in range(80_000))).tobytes())
    return written.getvalue()


def is_longer(times: list[tuple[float, str]], before: int) -> bool:
    """Whether something was asked since there were `before` times."""
    return len(times) > before


async def until(condition: Callable[[], bool], within_s: float = 15.0) -> None:
    """Return when `condition` holds; looked at each millisecond, which is finer than what is measured."""
    async with asyncio.timeout(within_s):
        while not condition():
            await asyncio.sleep(0.001)


def report(figures: list[Figure]) -> None:
    """Print the table."""
    table = Table(title="One call at a time")
    for column in ("what", "samples", "p50", "p95", "unit", "goal p50", ""):
        table.add_column(column, justify="left" if column in ("what", "unit", "") else "right")
    for row in figures:
        goal = "" if row.goal is None else f"≤ {row.goal:g}"
        met = "" if row.goal is None else "met" if row.is_met else "missed"
        table.add_row(
            row.what,
            str(row.samples),
            f"{row.p50:.1f}",
            f"{row.p95:.1f}" if row.samples > 1 else "",
            row.unit,
            goal,
            met,
        )
    Console().print(table)


if __name__ == "__main__":
    sys.exit(main())
