"""Fifty callers at once who answer a spoken question: in turns, each speaking a quarter of the time, and all at the same moment.

    python -m bench.speech.crowd [--quick] [--callers 50] [--results bench/results]

With the embedded recogniser and hints. The callers are one process of Python on the same cores; what it takes is told beside what the
server takes.
"""

import asyncio
import os
import re
import sys
from collections import Counter
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from itertools import pairwise
from random import Random

import httpx2
import uvloop
from tests.system.server import Server

from bench.load.probe import LATE_ORDER
from bench.load.processes import Watch
from bench.load.report import Goal, Report
from bench.load.spread import Spread
from bench.speech.caller import TimedPeer, calling, spoken, true_begin_s, true_end_s
from bench.speech.part import run_part
from bench.speech.scene import Page, pages, server, warnings_of

CALLERS = 50
ROUNDS, QUICK_ROUNDS = 6, 2
TOGETHER_ROUNDS, QUICK_TOGETHER_ROUNDS = 3, 1
CALLS_A_SECOND = 12.0
SPEAKING_SHARE = 0.25
HANG_OVER_S = 0.6
PROMPT_S = 1.6
"""After so long the prompt is over."""
LATE_PROMPT_MS = 200.0
LOST_AFTER_S = 30.0
"""A result that is not there by then is lost."""
RECOGNISERS = 2
PHRASES = (
    "speak to an operator",
    "change my address",
    "technical support",
    "opening hours",
    "cancel my order",
)
PROMPT = "How can we help you today?"
MENU = f"""<Gather input="speech" hints="{", ".join(PHRASES)}" action="{{url}}" preTimeout="25" postTimeout="{HANG_OVER_S}"
  actionOnEmptyResult="true"><Say>{PROMPT}</Say></Gather>"""
LOST = re.compile(r"frames_lost.*count=(\d+)")


@dataclass(slots=True)
class Seen:
    """What the callers saw in one way of speaking."""

    how: str
    prompt_ms: list[float] = field(default_factory=list)
    """From the application's answer to the first packet with sound."""
    result_ms: list[float] = field(default_factory=list)
    """From the true end of what was said to the action webhook, less the hang-over."""
    counts: Counter[str] = field(default_factory=Counter)
    server_percent: float = 0.0
    callers_percent: float = 0.0


@dataclass(slots=True)
class Crowd:
    """All callers, who wait for each other where they are told to."""

    seen: Seen
    together: asyncio.Barrier | None
    """None: each speaks in its own time."""
    rounds: int


def bench(*, quick: bool, callers: int = CALLERS) -> Report:
    """Measure both ways on one server."""
    report = Report(
        "speech-crowd",
        f"{callers} speech gathers at once, embedded recogniser; p50 / p95 / p99",
        (
            "callers speak",
            "said",
            "results",
            "right %",
            "document to prompt ms",
            "late prompts",
            "true end to result, less hang-over ms",
            "RTP lost",
            "server CPU %",
            "callers CPU %",
        ),
    )
    with server(EMBEDDED_RECOGNISERS=str(RECOGNISERS)) as running:
        ways = uvloop.run(_measure(running, callers, quick=quick))
        failures = _failures(running)
        frames_lost = sum(int(count) for count in LOST.findall(running.output.text))
        report.notes += warnings_of(running)
    for seen in ways:
        _tell(report, seen)
    report.goals += [
        Goal("frames that the recogniser lost", float(frames_lost), most=0.0),
        Goal("utterances that the recogniser failed on", failures, most=0.0),
    ]
    report.notes.append(
        f"{RECOGNISERS} recogniser processes on {os.cpu_count()} cores, which the callers share; CPU in percent of one core"
    )
    return report


def _tell(report: Report, seen: Seen) -> None:
    prompt, result, counts = Spread.of(seen.prompt_ms), Spread.of(seen.result_ms), seen.counts
    late = sum(delay > LATE_PROMPT_MS for delay in seen.prompt_ms)
    report.rows.append(
        (
            seen.how,
            str(counts["said"]),
            str(counts["results"]),
            f"{100 * counts['right'] / max(1, counts['said']):.0f}",
            str(prompt),
            str(late),
            str(result),
            str(counts["rtp lost"]),
            f"{seen.server_percent:.0f}",
            f"{seen.callers_percent:.0f}",
        )
    )
    report.figures.append(
        {**asdict(seen), "prompt_ms": asdict(prompt), "result_ms": asdict(result), "late_prompts": late}
    )
    failed = {what: count for what, count in counts.items() if what.startswith("calls that failed")}
    report.notes += [f"{seen.how}: {count} x {what}" for what, count in failed.items()]
    report.goals.append(Goal(f"calls that failed, {seen.how}", sum(failed.values()), most=0.0))
    report.goals.append(Goal(f"results lost, {seen.how}", counts["said"] - counts["results"], most=0.0))
    report.goals.append(Goal(f"RTP packets lost, {seen.how}", counts["rtp lost"], most=0.0))
    if seen.how == "in turns":
        report.goals.append(Goal(f"prompts later than {LATE_PROMPT_MS:g} ms, in turns", late, most=0.0))


async def _measure(running: Server, callers: int, *, quick: bool) -> list[Seen]:
    names = [f"crowd{number}" for number in range(callers)]
    said = [spoken(phrase, number) for number, phrase in enumerate(PHRASES)]
    async with pages(running, **dict.fromkeys(names, lambda url: MENU.format(url=url))) as found:
        crowds = [
            Crowd(Seen("in turns"), None, QUICK_ROUNDS if quick else ROUNDS),
            Crowd(
                Seen("all together"),
                asyncio.Barrier(callers),
                QUICK_TOGETHER_ROUNDS if quick else TOGETHER_ROUNDS,
            ),
        ]
        # The first call of a server has the voice and the recogniser load themselves.
        await _caller(running, 0, found[names[0]], names[0], Crowd(Seen("warming up"), None, 1), said)
        for crowd in crowds:
            watch, own = Watch((running.process.pid,)), os.times()
            async with asyncio.timeout(240), asyncio.TaskGroup() as tasks:
                for number, name in enumerate(names):
                    tasks.create_task(_caller(running, number, found[name], name, crowd, said))
            spent, now = watch.spent(), os.times()
            crowd.seen.server_percent = 100 * spent.cpu_s / spent.wall_s
            own_s = now.user + now.system - own.user - own.system
            crowd.seen.callers_percent = 100 * own_s / spent.wall_s
        return [crowd.seen for crowd in crowds]


async def _caller(
    running: Server, number: int, page: Page, name: str, crowd: Crowd, said: list[bytes]
) -> None:
    """A call; one that fails is counted, and not waited for by the others."""
    try:
        await _call(running, number, page, name, crowd, said)
    except (TimeoutError, RuntimeError, OSError) as fault:
        crowd.seen.counts[f"calls that failed: {fault!r}"] += 1
        if crowd.together is not None:
            await crowd.together.abort()


async def _call(running: Server, number: int, page: Page, name: str, crowd: Crowd, said: list[bytes]) -> None:
    """A call from its beginning to its end."""
    chance = Random(number)
    await asyncio.sleep(number / CALLS_A_SECOND)
    page.ready.put_nowait(None)
    async with calling(f"bench-{name}", running.sip_port) as peer:
        await page.was_asked()
        answered_at = await page.answered.get()
        for turn in range(crowd.rounds):
            chosen = (number + turn) % len(PHRASES)
            answered_at = await _turn(
                peer, page, crowd, PHRASES[chosen], said[chosen], answered_at, chance.uniform(0.0, 0.8)
            )
        steps = [(later.sequence - earlier.sequence) & 0xFFFF for earlier, later in pairwise(peer.heard)]
        crowd.seen.counts["rtp lost"] += sum(step - 1 for step in steps if 1 < step < LATE_ORDER)


async def _turn(
    peer: TimedPeer, page: Page, crowd: Crowd, phrase: str, pcm: bytes, answered_at: float, thinks_s: float
) -> float:
    """Hear the prompt, say something, be asked again; when the next document left."""
    seen, began = crowd.seen, peer.loop.time()
    seen.prompt_ms.append(1000 * ((await peer.hears_since(answered_at, within_s=20)).at - answered_at))
    await asyncio.sleep(PROMPT_S)
    if crowd.together is not None:
        with suppress(asyncio.BrokenBarrierError):
            await crowd.together.wait()
    else:
        await asyncio.sleep(thinks_s)
    seen.counts["said"] += 1
    began_at = await peer.speaks(pcm)
    try:
        asked = await page.was_asked(within_s=LOST_AFTER_S)
    except TimeoutError:
        return answered_at
    seen.counts["results"] += 1
    seen.counts["right"] += asked.form.get("SpeechResult", "") == phrase
    seen.result_ms.append(1000 * (asked.at - began_at - true_end_s(pcm) - HANG_OVER_S))
    # So much of its time a caller speaks.
    until = began + (true_end_s(pcm) - true_begin_s(pcm)) / SPEAKING_SHARE
    await asyncio.sleep(max(0.0, until - peer.loop.time()))
    return await page.answer()


def _failures(running: Server) -> float:
    """Utterances that broke, as the server counts them."""
    text = httpx2.get(f"{running.url}/metrics", trust_env=False).text
    counted = re.findall(r"^offhook_recogniser_failures_total\{.*\} (\S+)$", text, re.MULTILINE)
    return sum(float(count) for count in counted)


if __name__ == "__main__":
    sys.exit(run_part(bench))
