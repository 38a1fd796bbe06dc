"""How soon a prompt falls silent when the caller presses a key, or speaks.

    python -m bench.speech.silence [--quick] [--results bench/results]

From the first packet of the key, or the first packet with sound in it, to the last packet of the prompt that has sound. The
prompt has no pause of its own.
"""

import asyncio
import contextlib
import sys
from collections.abc import Awaitable, Callable
from dataclasses import asdict
from functools import partial
from random import Random

from tests.system.server import Server

from bench.load.report import Goal, Report
from bench.load.spread import Spread
from bench.speech.caller import TimedPeer, calling, spoken
from bench.speech.part import run_part
from bench.speech.scene import TONE_PATH, Page, pages, server, warnings_of

KEY_P50_MS, KEY_P95_MS, SPEECH_P50_MS = 60.0, 120.0, 250.0
CALLERS = 2
SAMPLES, QUICK_SAMPLES = 30, 8
"""Of each caller."""
SETTLE_S = 0.35
"""After this the prompt is silent, or was not stopped."""
AGAIN_S = 3.0
HANGING_S = 0.06
"""A prompt that still sounds so shortly before the application answers goes on."""
WORDS = ("support", "billing", "sales", "operator")
KEY_MENU = """<Gather numDigits="1" action="{url}" timeout="20"><Play loop="0">{tone}</Play></Gather>"""
SPEECH_MENU = f"""<Gather input="speech" hints="{", ".join(WORDS)}" action="{{url}}" preTimeout="20" postTimeout="0.5"
  actionOnEmptyResult="true"><Play loop="0">{{tone}}</Play></Gather>"""


def bench(*, quick: bool) -> Report:
    """Measure both on one server."""
    report = Report(
        "speech-silence",
        "a key or speech to silence on the wire; p50 / p95 / p99",
        ("interrupted by", "samples", "not stopped", "to silence ms"),
    )
    samples = QUICK_SAMPLES if quick else SAMPLES
    with server() as running:
        for how, menu in (("key", KEY_MENU), ("speech", SPEECH_MENU)):
            delays = asyncio.run(_delays(running, how, menu, samples))
            stopped = [1000 * delay for delay in delays if delay is not None]
            spread = Spread.of(stopped)
            report.rows.append((how, str(len(delays)), str(len(delays) - len(stopped)), str(spread)))
            report.figures.append({"how": how, "not_stopped": len(delays) - len(stopped), **asdict(spread)})
            report.goals += [Goal(f"prompts that {how} did not stop", len(delays) - len(stopped), most=0.0)]
            report.goals += _goals(how, spread)
        report.notes += warnings_of(running)
    return report


def _goals(how: str, spread: Spread) -> list[Goal]:
    if how == "speech":
        return [Goal("speech to silence, p50", spread.p50, most=SPEECH_P50_MS, unit="ms")]
    return [
        Goal("key to silence, p50", spread.p50, most=KEY_P50_MS, unit="ms"),
        Goal("key to silence, p95", spread.p95, most=KEY_P95_MS, unit="ms"),
    ]


async def _delays(running: Server, how: str, menu: str, samples: int) -> list[float | None]:
    def document(url: str) -> str:
        return menu.format(url=url, tone=url.rpartition("/")[0] + TONE_PATH)

    names = [f"{how}{number}" for number in range(CALLERS)]
    interrupt = _press if how == "key" else partial(_speak, [spoken(word) for word in WORDS])
    async with pages(running, **dict.fromkeys(names, document)) as all_pages:
        callers = (
            _one_caller(running, name, all_pages[name], interrupt, samples, Random(number))
            for number, name in enumerate(names)
        )
        return [delay for some in await asyncio.gather(*callers) for delay in some]


async def _one_caller(
    running: Server,
    name: str,
    page: Page,
    interrupt: Callable[[TimedPeer, int], Awaitable[float]],
    samples: int,
    chance: Random,
) -> list[float | None]:
    """Interrupts the same prompt again and again, in one call."""
    page.ready.put_nowait(None)
    async with calling(f"bench-{name}", running.sip_port) as peer:
        await page.was_asked()
        answered_at = await page.answered.get()
        delays: list[float | None] = []
        for number in range(samples):
            await peer.hears_since(answered_at)
            await asyncio.sleep(chance.uniform(0.3, 0.5))
            began_at = await interrupt(peer, number)
            await asyncio.sleep(max(0.0, began_at + SETTLE_S - peer.loop.time()))
            last = peer.last_sound_since(began_at)
            now = peer.loop.time()
            if last is not None and now - last.at < HANGING_S:
                delays.append(None)
            else:
                delays.append(max(0.0, last.at - began_at) if last is not None else 0.0)
            await _until_heard(page, interrupt, peer, number)
            answered_at = await page.answer()
        return delays


async def _until_heard(
    page: Page, interrupt: Callable[[TimedPeer, int], Awaitable[float]], peer: TimedPeer, number: int
) -> None:
    """Until the application is asked. A short word that is not understood is taken for a cough, and said again."""
    while True:
        while peer.is_speaking:
            await asyncio.sleep(0.02)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(AGAIN_S):
                await page.was_asked()
                return
        number += 1
        await interrupt(peer, number)


async def _press(peer: TimedPeer, _number: int) -> float:
    before = len(peer.pressed_at)
    peer.press("5")
    while len(peer.pressed_at) == before:
        await asyncio.sleep(0.001)
    return peer.pressed_at[before]


async def _speak(words: list[bytes], peer: TimedPeer, number: int) -> float:
    before = len(peer.voiced_at)
    await peer.speaks(words[number % len(words)])
    return peer.voiced_at[before]


if __name__ == "__main__":
    sys.exit(run_part(bench))
