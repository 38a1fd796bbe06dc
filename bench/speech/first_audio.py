"""How soon a text is heard: from the moment the application's answer leaves to the first packet with sound.

    python -m bench.speech.first_audio [--quick] [--results bench/results]

With the embedded voice, in a call that is up: texts that were never spoken before, the same text again, and long texts that were never
spoken before.
"""

import asyncio
import itertools
import sys
from collections.abc import Iterator
from dataclasses import asdict

from tests.system.server import Server

from bench.load.report import Goal, Report
from bench.load.spread import Spread
from bench.speech.caller import TimedPeer, calling
from bench.speech.part import run_part
from bench.speech.scene import Page, pages, server, warnings_of

UNCACHED_P50_MS, CACHED_P50_MS = 60.0, 30.0
SAMPLES, QUICK_SAMPLES = 50, 12
LONG_SAMPLES, QUICK_LONG_SAMPLES = 10, 3
LONG_SENTENCES = 60
"""About 4,000 characters, four minutes of speech."""
HEARD_S, SETTLE_S = 0.12, 0.3
MENU = """<Gather numDigits="1" action="{url}" timeout="20"><Say>{text}</Say></Gather>"""
SAME = "Open the door and come in."


def bench(*, quick: bool) -> Report:
    """Measure all three on one server."""
    report = Report(
        "speech-first-audio",
        "text to first audio packet, embedded voice; p50 / p95 / p99",
        ("text", "samples", "to first audio ms"),
    )
    short, long = (QUICK_SAMPLES, QUICK_LONG_SAMPLES) if quick else (SAMPLES, LONG_SAMPLES)
    with server() as running:
        for name, what, texts, samples, most in (
            ("new", "never spoken before", _short_texts(), short, UNCACHED_P50_MS),
            ("same", "spoken before", itertools.repeat(SAME), short, CACHED_P50_MS),
            ("long", "long, never spoken before", _long_texts(), long, UNCACHED_P50_MS),
        ):
            delays = asyncio.run(_delays(running, name, texts, samples))
            spread = Spread.of([1000 * delay for delay in delays])
            report.rows.append((what, str(len(delays)), str(spread)))
            report.figures.append({"text": what, **asdict(spread)})
            report.goals.append(Goal(f"text to first audio, {what}, p50", spread.p50, most=most, unit="ms"))
        report.notes += warnings_of(running)
    return report


async def _delays(running: Server, name: str, texts: Iterator[str], samples: int) -> list[float]:
    def document(url: str) -> str:
        return MENU.format(url=url, text=next(texts))

    async with pages(running, **{name: document}) as found:
        page = found[name]
        page.ready.put_nowait(None)
        async with calling(f"bench-{name}", running.sip_port) as peer:
            # The first one opens connections, and makes the voice load itself; it does not count.
            await page.was_asked()
            await peer.hears_since(await page.answered.get())
            return [await _one(peer, page) for _ in range(samples)]


async def _one(peer: TimedPeer, page: Page) -> float:
    """A key silences what is said and has the application asked; once it is quiet, the application answers."""
    await asyncio.sleep(HEARD_S)
    peer.press("5")
    await page.was_asked()
    await asyncio.sleep(SETTLE_S)
    answered_at = await page.answer()
    return (await peer.hears_since(answered_at)).at - answered_at


def _short_texts() -> Iterator[str]:
    for number in itertools.count(1001):
        yield f"Order {number} is ready. Please collect it at desk {number % 17}."


def _long_texts() -> Iterator[str]:
    for number in itertools.count(1001):
        yield " ".join(
            f"Our train number {number * 10 + part} is about to leave from platform {part}, and stops at all stations."
            for part in range(1, LONG_SENTENCES + 1)
        )


if __name__ == "__main__":
    sys.exit(run_part(bench))
