"""How soon the application hears of what was said, and how often a caller is cut short who only paused.

    python -m bench.speech.end_of_speech [--quick] [--results bench/results]

With the embedded recogniser and hints. From the last voiced frame that the server's ear hears, and from the true end of what is said, to
the action webhook.
"""

import asyncio
import sys
from dataclasses import asdict, dataclass, field

from tests.system.server import Server

from bench.load.report import Goal, Report
from bench.load.spread import Spread
from bench.speech.caller import TimedPeer, calling, last_voiced_s, spoken, true_end_s, with_pause
from bench.speech.part import run_part
from bench.speech.scene import Page, pages, server, warnings_of

REST_MS = 60.0
HANG_OVERS_S = (0.5, 0.8)
PAUSES_S = (0.0, 0.3, 0.6)
"""Pauses in the middle of a phrase; without one it is measured how soon, with one how often it is cut."""
SAMPLES, QUICK_SAMPLES = 30, 8
PAUSED_SAMPLES, QUICK_PAUSED_SAMPLES = 15, 5
CALLERS = 5
"""Calls at the same time, each with another hang-over or pause."""
MARGIN_S = 0.06
"""The action counts as too early only so long before the true end: sounds fade."""
PHRASES = (
    "speak to an operator",
    "change my address",
    "technical support",
    "opening hours",
    "cancel my order",
)
MENU = """<Gather input="speech" hints="{hints}" action="{url}" preTimeout="20" postTimeout="{hang_over_s}"
  actionOnEmptyResult="true"/>"""


@dataclass(slots=True)
class Found:
    """What one kind of caller saw."""

    hang_over_s: float
    pause_s: float
    from_voiced_ms: list[float] = field(default_factory=list)
    """Less the hang-over."""
    from_end_ms: list[float] = field(default_factory=list)
    """With it."""
    samples: int = 0
    early: int = 0
    right: int = 0


def bench(*, quick: bool) -> Report:
    """Measure all kinds of callers, at the same time."""
    report = Report(
        "speech-end",
        "end of speech to action webhook, embedded recogniser with hints; p50 / p95 / p99",
        (
            "hang-over s",
            "pause s",
            "samples",
            "last voiced frame, less hang-over ms",
            "true end ms",
            "cut early %",
            "right %",
        ),
    )
    with server() as running:
        for found in asyncio.run(_measure(running, quick=quick)):
            voiced, end = Spread.of(found.from_voiced_ms), Spread.of(found.from_end_ms)
            early, right = (100 * count / found.samples for count in (found.early, found.right))
            report.rows.append(
                (
                    f"{found.hang_over_s:g}",
                    f"{found.pause_s:g}",
                    str(found.samples),
                    str(voiced),
                    str(end),
                    f"{early:.0f}",
                    f"{right:.0f}",
                )
            )
            report.figures.append(
                {**asdict(found), "from_voiced_ms": asdict(voiced), "from_end_ms": asdict(end)}
            )
            if not found.pause_s:
                report.goals.append(
                    Goal(
                        f"last voiced frame to action, less hang-over {found.hang_over_s:g} s, p50",
                        voiced.p50,
                        most=REST_MS,
                        unit="ms",
                    )
                )
        report.notes += warnings_of(running)
    return report


async def _measure(running: Server, *, quick: bool) -> list[Found]:
    kinds = [Found(hang_over_s, pause_s) for hang_over_s in HANG_OVERS_S for pause_s in PAUSES_S]
    gate = asyncio.Semaphore(CALLERS)

    async def one(number: int, found: Found) -> None:
        async with gate:
            if found.pause_s:
                samples = QUICK_PAUSED_SAMPLES if quick else PAUSED_SAMPLES
            else:
                samples = QUICK_SAMPLES if quick else SAMPLES
            await _caller(running, f"end{number}", found, samples)

    async with asyncio.TaskGroup() as tasks:
        for number, found in enumerate(kinds):
            tasks.create_task(one(number, found))
    return kinds


async def _caller(running: Server, name: str, found: Found, samples: int) -> None:
    def document(url: str) -> str:
        return MENU.format(url=url, hints=", ".join(PHRASES), hang_over_s=found.hang_over_s)

    said = [spoken(phrase, number) for number, phrase in enumerate(PHRASES)]
    said = [with_pause(pcm, found.pause_s) if found.pause_s else pcm for pcm in said]
    async with pages(running, **{name: document}) as all_pages:
        page = all_pages[name]
        page.ready.put_nowait(None)
        async with calling(f"bench-{name}", running.sip_port) as peer:
            await page.was_asked()
            await page.answered.get()
            for number in range(samples):
                await asyncio.sleep(0.3)
                chosen = number % len(PHRASES)
                await _one(peer, page, found, PHRASES[chosen], said[chosen])


async def _one(peer: TimedPeer, page: Page, found: Found, phrase: str, pcm: bytes) -> None:
    began_at = await peer.speaks(pcm)
    asked = await page.was_asked()
    found.samples += 1
    from_end_s = asked.at - began_at - true_end_s(pcm)
    if from_end_s < found.hang_over_s - MARGIN_S - REST_MS / 1000:
        found.early += 1
    else:
        from_voiced_s = asked.at - began_at - last_voiced_s(pcm)
        found.from_voiced_ms.append(1000 * (from_voiced_s - found.hang_over_s))
        found.from_end_ms.append(1000 * from_end_s)
    found.right += asked.form.get("SpeechResult", "") == phrase
    while peer.is_speaking:
        await asyncio.sleep(0.02)
    await asyncio.sleep(0.2)
    await page.answer()


if __name__ == "__main__":
    sys.exit(run_part(bench))
