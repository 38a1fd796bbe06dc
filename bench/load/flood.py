"""Flood: a full server gets a thousand INVITEs a second. It refuses politely, its calls keep their audio, it lives on."""

import threading
import time
from dataclasses import asdict

from bench.load import contenders
from bench.load.contenders import Contender, Stage, offhook
from bench.load.playing import PlayingRun, probe_beside
from bench.load.report import Goal, Report
from bench.load.sipp import Load, Outcome, sipp
from bench.load.spread import Spread
from offhook.pjsua.build import installed_build

RATE, SECONDS = 1000.0, 10.0
PROBES = 4
FILL_CALLS_PER_S = 60.0
SETTLE_S = 2.0
MOST_GAP_MS = 10.0
REFUSED = 1


def bench(around: Stage, *, rate: float = RATE, seconds: float = SECONDS) -> Report:
    """The whole flood."""
    report = Report(
        "flood",
        f"{rate:g} INVITEs/s for {seconds:g} s at a full server",
        (
            "INVITEs",
            "refused",
            "not refused",
            "refusal ms",
            "probe gap p99 ms",
            "longest gap ms",
            "probe packets lost",
        ),
    )
    if around.other is not None:
        report.notes.append(
            "The flood needs to know how many calls a server takes; it is run on Offhook only."
        )
        return report
    with offhook(around) as (contender, _server):
        before = contender.workers()
        filled, flood, probe = _flooded(around, contender, rate, seconds)
        is_alive = before == contender.workers()
    sent = round(rate * seconds)
    gap = PlayingRun.gap_of(probe)
    longest, lost = _number(probe, "longest_gap_ms"), _number(probe, "lost")
    refusals = Spread.of(flood.delays_ms.get(REFUSED, []))
    report.rows.append(
        (
            str(sent),
            str(flood.succeeded),
            str(flood.failed),
            str(refusals),
            f"{gap.p99:.2f}",
            f"{longest:.1f}",
            f"{lost:g}",
        )
    )
    report.figures = [
        {"flood": asdict(flood) | {"delays_ms": asdict(refusals)}, "filled": filled.succeeded, "probe": probe}
    ]
    report.goals = [
        Goal("share of INVITEs refused with a final answer", flood.succeeded / sent, least=0.999),
        Goal("running calls that did not last", float(_slots() - filled.succeeded), most=0.0),
        Goal("audio packets lost by running calls", lost, most=0.0),
        Goal("p99 of packet gaps of running calls", gap.p99, most=MOST_GAP_MS, unit="ms"),
        Goal("workers live on, with the same process id", float(is_alive), least=1.0),
    ]
    return report


def _number(found: dict[str, object], name: str) -> float:
    value = found.get(name)
    return float(value) if isinstance(value, int | float) else float("nan")


def _flooded(
    around: Stage, contender: Contender, rate: float, seconds: float
) -> tuple[Outcome, Outcome, dict[str, object]]:
    """Fill the server, listen to a few of its calls, and flood it meanwhile."""
    slots = _slots()
    fill_s = slots / FILL_CALLS_PER_S
    parked = Load(
        scenario="parked",
        host=contender.host,
        port=contender.port,
        user=contenders.PARK,
        calls=slots,
        rate=FILL_CALLS_PER_S,
        at_once=slots,
        hold_s=fill_s + seconds + 4 * SETTLE_S + 4,
        within_s=2 * fill_s + seconds + 60,
    )
    flood = Load(
        scenario="flood",
        host=contender.host,
        port=contender.port,
        user=contenders.MENU,
        calls=round(rate * seconds),
        rate=rate,
        at_once=round(rate * seconds),
        within_s=seconds + 40,
    )
    probe: dict[str, object] = {}
    listening = threading.Thread(
        target=lambda: probe.update(probe_beside(contender, contenders.PLAY, seconds + 2 * SETTLE_S, PROBES))
    )
    with sipp(parked, around.media) as full:
        time.sleep(fill_s + SETTLE_S)
        listening.start()
        time.sleep(SETTLE_S)
        with sipp(flood, around.media) as flooding:
            flooding.wait()
            flooded = flooding.outcome()
        listening.join()
        full.wait()
        return full.outcome(), flooded, probe


def _slots() -> int:
    """How many calls fill the worker and leave room for the probe, as the installed build of PJSIP says."""
    return installed_build().call_slots - PROBES
