"""W2 and W3: many calls at once with audio both ways. W2 plays a file without end; W3 sends what it hears to a
recogniser over WebSocket. Measured in turns with the floor, while all calls are up and none begins or ends."""

import json
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from statistics import median

from bench.load import contenders
from bench.load.contenders import Contender, Stage
from bench.load.processes import Watch, descriptors, pss_mb, tree
from bench.load.report import Goal, Report
from bench.load.sipp import Load, sipp
from bench.load.spread import Spread

PLAYING_CALLS, FORKED_CALLS = 300, 200
RAMP_CALLS_PER_S = 80.0
SETTLE_S = 1.5
PROBES = 4
PROBE_MARGIN_S = 1.0
LEAST_FRAMES_PER_S = 49.75
"""Of 50 that a caller sends: the window's edges are not exact. What is dropped, the server says in its log."""
ANSWER = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayingRun:
    """One run."""

    contender: str
    user: str
    calls: int
    succeeded: int
    failed: int
    cpu_percent_a_call: float
    """Of one core: 1 is 10 ms a second."""
    machine_percent: float
    answer_ms: Spread
    probe: Mapping[str, object]
    """What a few measured calls saw beside the others."""
    pss_mb: float
    """Of the processes that hold calls, while all are up."""
    pss_mb_before: float
    descriptors: int
    sink_frames_a_call_s: float
    sink_bytes_a_call_s: float
    faults: str

    @property
    def gap_p99_ms(self) -> float:
        """How far packets stray from their 20 ms."""
        return self.gap_of(self.probe).p99

    @staticmethod
    def gap_of(probe: Mapping[str, object]) -> Spread:
        """How far packets stray from their 20 ms, as a probe told."""
        value = probe.get("gap_ms")
        return Spread(**value) if isinstance(value, dict) else Spread.of([])

    @property
    def lost(self) -> int:
        """Packets that the measured calls missed."""
        lost = self.probe.get("lost", 0)
        return lost if isinstance(lost, int) else 0


def run_playing(
    around: Stage, contender: Contender, user: str, calls: int, window_s: float, *, probes: int = PROBES
) -> PlayingRun:
    """Bring calls up, measure for some seconds, let them end."""
    ramp_s = calls / RAMP_CALLS_PER_S
    load = Load(
        scenario="playing",
        host=contender.host,
        port=contender.port,
        user=user,
        calls=calls,
        rate=min(RAMP_CALLS_PER_S, calls),
        at_once=calls + 10,
        hold_s=ramp_s + SETTLE_S + window_s + 1.0,
        within_s=2 * ramp_s + window_s + 30,
    )
    contender.must_live()
    before_mb = pss_mb(contender.workers())
    with sipp(load, around.media) as running:
        time.sleep(ramp_s + SETTLE_S)
        counted_before = around.sink.counted()
        watch = Watch(contender.roots)
        seen = _probed(contender, user, window_s, probes)
        spent = watch.spent()
        counted = around.sink.counted()
        held_mb, held_descriptors = pss_mb(contender.workers()), descriptors(tree(contender.roots))
        running.wait()
        outcome = running.outcome()
    call_s = spent.wall_s * calls

    def sunk(name: str) -> float:
        return (counted.get(name, 0) - counted_before.get(name, 0)) / call_s

    return PlayingRun(
        contender=contender.name,
        user=user,
        calls=calls,
        succeeded=outcome.succeeded,
        failed=outcome.failed,
        cpu_percent_a_call=100 * spent.cpu_s / spent.wall_s / (calls + probes),
        machine_percent=spent.machine_percent,
        answer_ms=Spread.of(outcome.delays_ms.get(ANSWER, [])),
        probe=seen,
        pss_mb=held_mb,
        pss_mb_before=before_mb,
        descriptors=held_descriptors,
        sink_frames_a_call_s=sunk("frames"),
        sink_bytes_a_call_s=sunk("bytes"),
        faults=outcome.faults,
    )


def _probed(contender: Contender, user: str, window_s: float, probes: int) -> Mapping[str, object]:
    """Let some seconds pass, with a few measured calls in them."""
    ends_at = time.monotonic() + window_s
    found: dict[str, object] = {}
    if probes:
        found = probe_beside(contender, user, window_s - PROBE_MARGIN_S, probes)
    time.sleep(max(0.0, ends_at - time.monotonic()))
    return found


def probe_beside(contender: Contender, user: str, seconds: float, calls: int) -> dict[str, object]:
    """What a few measured calls see, placed by a process of their own."""
    target = f"{contender.host}:{contender.port}"
    arguments = ("--target", target, "--user", user, "--calls", str(calls), "--seconds", f"{seconds:.1f}")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "bench.load.probe", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds + 60,
    )
    lines = done.stdout.splitlines()
    if done.returncode != 0 or not lines:
        raise RuntimeError(f"the probe failed: {done.stderr.strip()[-400:]}")
    found = json.loads(lines[-1])
    return {**found, "said": lines[:-1]} if lines[:-1] else dict(found)


COLUMNS = (
    "server",
    "calls",
    "bad",
    "CPU % a call",
    "answer ms",
    "gap p99 ms",
    "longest gap ms",
    "lost",
    "PSS MB",
    "machine %",
)


def row(run: PlayingRun) -> tuple[str, ...]:
    """A line of a table with COLUMNS."""
    longest = run.probe.get("longest_gap_ms", float("nan"))
    return (
        run.contender,
        str(run.calls),
        str(run.calls - run.succeeded),
        f"{run.cpu_percent_a_call:.3f}",
        str(run.answer_ms),
        f"{run.gap_p99_ms:.2f}",
        f"{longest:.1f}",
        str(run.lost),
        f"{run.pss_mb:.0f}",
        f"{run.machine_percent:.0f}",
    )


def in_turns(
    around: Stage,
    running: list[Contender],
    user: str,
    calls: int,
    seconds: float,
    rounds: int,
    probes: int = PROBES,
) -> list[PlayingRun]:
    """Runs of all contenders, one after the other, some times; a short one first pays for caches and pools."""
    for contender in running:
        run_playing(around, contender, user, min(10, calls), 2.0, probes=0)
    return [
        run_playing(around, contender, user, calls, seconds, probes=probes)
        for _ in range(rounds)
        for contender in running
    ]


def middle(runs: list[PlayingRun], contender: str, field: str) -> float:
    """The median of a field over a contender's runs."""
    return median(float(getattr(run, field)) for run in runs if run.contender == contender)


def bench_playing(
    around: Stage, *, calls: int = PLAYING_CALLS, seconds: float = 8.0, rounds: int = 2
) -> Report:
    """The whole of W2."""
    report = Report("w2", f"{calls} calls that hear a file, RTP both ways; CPU while all are up", COLUMNS)
    with contenders.contenders(around) as running:
        runs = in_turns(around, running, contenders.PLAY, calls, seconds, rounds)
    ours = running[0].name
    report.rows = [row(run) for run in runs]
    report.figures = [asdict(run) for run in runs]
    gap, floor_gap = middle(runs, ours, "gap_p99_ms"), middle(runs, "floor", "gap_p99_ms")
    report.goals = [
        *_common_goals("W2", runs, ours, 1.2),
        Goal("p99 of packet gaps above the floor's", gap - floor_gap, most=1.5, unit="ms"),
    ]
    if around.other is None:
        first = next(run for run in runs if run.contender == ours)
        a_call = (first.pss_mb - first.pss_mb_before) / calls
        report.goals += [
            Goal("memory of a worker without calls, PSS", first.pss_mb_before, most=120.0, unit="MB"),
            Goal("memory a call, PSS", a_call, most=0.3, unit="MB"),
        ]
    return report


def bench_forked(
    around: Stage, *, calls: int = FORKED_CALLS, seconds: float = 8.0, rounds: int = 2
) -> Report:
    """The whole of W3."""
    report = Report(
        "w3",
        f"{calls} calls, each heard by a recogniser over WebSocket, which is not counted",
        (*COLUMNS[:4], "frames/s a call", "bytes/s a call", "machine %"),
    )
    recogniser = {"ASR": "custom:bench", "ASR_CUSTOM": f"bench=ws://127.0.0.1:{around.sink.port}/"}
    with contenders.contenders(around, recogniser) as running:
        runs = in_turns(around, running, contenders.FORK, calls, seconds, rounds, probes=0)
    ours = running[0].name
    for run in runs:
        sunk = (f"{run.sink_frames_a_call_s:.2f}", f"{run.sink_bytes_a_call_s:.0f}")
        report.rows.append((*row(run)[:4], *sunk, f"{run.machine_percent:.0f}"))
    report.figures = [asdict(run) for run in runs]
    arrived = [run.sink_frames_a_call_s for run in runs if run.contender == ours]
    frames = sum(arrived) / len(arrived)
    report.goals = [
        *_common_goals("W3", runs, ours, 1.5),
        Goal("frames that reach the recogniser, a call and second", frames, least=LEAST_FRAMES_PER_S),
    ]
    return report


def _common_goals(name: str, runs: list[PlayingRun], ours: str, most: float) -> list[Goal]:
    cost, floor_cost = (middle(runs, who, "cpu_percent_a_call") for who in (ours, "floor"))
    bad = sum(run.calls - run.succeeded for run in runs if run.contender == ours)
    return [
        Goal(f"{name} CPU a call, times the floor", cost / floor_cost, most=most),
        Goal("calls that failed", float(bad), most=0.0),
    ]
