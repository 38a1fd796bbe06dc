"""W4, barge-in: a caller presses a key, or speaks, while a prompt plays; how long until the line is silent.

One measured caller at a time, on an idle server and beside other calls. The last packet with sound in it counts, as
the caller's end receives it.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass
from random import Random

from tests.sip.peer import Peer

from bench.load import contenders
from bench.load.contenders import Stage, offhook
from bench.load.media import speech_like
from bench.load.report import Goal, Report
from bench.load.sipp import Load, sipp
from bench.load.spread import Spread

SAMPLES = 10
BESIDE_CALLS = 50
QUIET_S = 0.5
"""Silence for so long means that the prompt is over."""
GIVE_UP_S = 6.0
SPEECH_S = 3.0
KEY_GOAL_MS, SPEECH_GOAL_MS = 40.0, 300.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BargeIn:
    """What one kind of caller saw."""

    how: str
    beside_calls: int
    samples: int
    not_stopped: int
    silence_ms: Spread


def bench(around: Stage, *, samples: int = SAMPLES, beside: int = BESIDE_CALLS) -> Report:
    """The whole of W4."""
    report = Report(
        "w4",
        "barge-in: first packet of a key, or of speech, to the last packet of the prompt; p50 / p95 / p99",
        ("interrupted by", "beside calls", "samples", "not stopped", "to silence ms"),
    )
    if around.other is not None:
        host, port = around.other.host, around.other.port
        found = _all(around, host, port, samples, beside)
    else:
        with offhook(around) as (contender, _server):
            found = _all(around, contender.host, contender.port, samples, beside)
    for one in found:
        report.rows.append(
            (
                one.how,
                str(one.beside_calls),
                str(one.samples),
                str(one.not_stopped),
                str(one.silence_ms),
            )
        )
        report.figures.append(asdict(one))
        limit = KEY_GOAL_MS if one.how == "key" else SPEECH_GOAL_MS
        report.goals.append(Goal(f"prompts that {one.how} did not stop", float(one.not_stopped), most=0.0))
        report.goals.append(
            Goal(
                f"{one.how} to silence beside {one.beside_calls} calls, p50",
                one.silence_ms.p50,
                most=limit,
                unit="ms",
            )
        )
    return report


def _all(around: Stage, host: str, port: int, samples: int, beside: int) -> list[BargeIn]:
    found = [_measured(how, port, samples, 0) for how in INTERRUPTIONS]
    load = Load(
        scenario="playing",
        host=host,
        port=port,
        user=contenders.PLAY,
        calls=beside,
        rate=25,
        at_once=beside,
        hold_s=120,
        within_s=180,
    )
    with sipp(load, around.media):
        found += [_measured(how, port, samples, beside) for how in INTERRUPTIONS]
    return found


def _measured(how: str, port: int, samples: int, beside: int) -> BargeIn:
    user, interrupt = INTERRUPTIONS[how]
    delays = asyncio.run(_delays(user, interrupt, port, samples))
    stopped = [1000 * delay for delay in delays if delay is not None]
    return BargeIn(
        how=how,
        beside_calls=beside,
        samples=samples,
        not_stopped=samples - len(stopped),
        silence_ms=Spread.of(stopped),
    )


async def _delays(
    user: str, interrupt: Callable[[Peer], Awaitable[float]], port: int, samples: int
) -> list[float | None]:
    chance = Random(1)
    return [await _one(user, interrupt, port, chance.uniform(0.4, 0.7)) for _ in range(samples)]


async def _one(
    user: str, interrupt: Callable[[Peer], Awaitable[float]], port: int, after_s: float
) -> float | None:
    """Seconds from the interruption to the last packet with sound; None where no prompt came, or it went on."""
    peer = await Peer.open()
    try:
        answer = await peer.invite(user, port)
        if answer.status != 200:
            raise RuntimeError(f"a call of the bench was refused: {answer.start}")
        async with asyncio.timeout(GIVE_UP_S):
            await peer.hears_something()
            await asyncio.sleep(after_s)
            began = await interrupt(peer)
            await peer.hears_quiet(QUIET_S)
        return max(0.0, max(packet.at for packet in peer.heard if packet.is_sound) - began)
    except TimeoutError:
        return None
    finally:
        if not peer.over.is_set() and peer.answered.is_set():
            await peer.bye()
        await peer.close()


async def _press(peer: Peer) -> float:
    return peer.press("5")


async def _speak(peer: Peer) -> float:
    began = peer.loop.time()
    peer.say(speech_like(SPEECH_S, 1.0))
    return began


INTERRUPTIONS: dict[str, tuple[str, Callable[[Peer], Awaitable[float]]]] = {
    "key": (contenders.BARGE_KEY, _press),
    "speech": (contenders.BARGE_SPEECH, _speak),
}
