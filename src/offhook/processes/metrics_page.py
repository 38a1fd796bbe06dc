"""The page that Prometheus reads: the numbers of all processes of this server, and what the database knows.

prometheus_client writes the text; it is loaded when the page is first asked for. Nothing is counted up and down:
running calls are rows, slots are leases, processes are what the supervisor says.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from offhook.call.errors import RecordsAway
from offhook.call.rows import WorkerRow
from offhook.call.trunk_states import Registration, TrunkState
from offhook.call.trunks import Trunk
from offhook.processes.metrics_socket import Snapshot, snapshots

if TYPE_CHECKING:
    from prometheus_client.core import Metric

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Whom the page asks. All but `processes` block."""

    run_dir: Path
    processes: Callable[[], Mapping[str, Mapping[str, Any]]]
    """What the supervisor said last: kind, state, pid and restarts of each process, by name."""
    is_database_up: Callable[[], bool]
    running_calls: Callable[[], Mapping[str, int]]
    """How many calls are in each state that is not final. Raises RecordsAway."""
    workers: Callable[[], Iterable[WorkerRow]]
    """Those that hold a lease. Raises RecordsAway."""
    outbox_depth: Callable[[], Mapping[str, int]]
    """How many callbacks are in each state. Raises RecordsAway."""
    outbox_oldest_s: Callable[[], float]
    """How long the oldest callback that is due has waited. Raises RecordsAway."""
    trunks: Callable[[], Iterable[tuple[Trunk, TrunkState | None]]] = tuple
    """Those that are enabled, and what was last told of each. Raises RecordsAway."""


class MetricsPage:
    """Writes the page."""

    def __init__(self, sources: Sources) -> None:
        self._sources = sources

    async def text(self) -> bytes:
        """The page now, in Prometheus's text format 0.0.4."""
        told, known = await asyncio.gather(
            snapshots(self._sources.run_dir), asyncio.to_thread(self._from_database)
        )
        return await asyncio.to_thread(self._written, told, known)

    def _written(self, told: Mapping[str, Snapshot], known: "list[Metric]") -> bytes:
        from prometheus_client import CollectorRegistry, generate_latest

        class Collected:
            def collect(self) -> "Iterable[Metric]":
                return families

        families = [*known, *self._of_processes(), *_merged(told)]
        registry = CollectorRegistry(auto_describe=False)
        registry.register(Collected())
        return bytes(generate_latest(registry))

    def _from_database(self) -> "list[Metric]":
        sources = self._sources
        is_up = sources.is_database_up()
        families = [_gauge("offhook_database_up", "Whether the database answers.", [({}, is_up)])]
        if not is_up:
            return families
        try:
            running, workers = sources.running_calls(), tuple(sources.workers())
            depth, oldest_s = sources.outbox_depth(), sources.outbox_oldest_s()
            trunks = tuple(sources.trunks())
        except RecordsAway:
            return [_gauge("offhook_database_up", "Whether the database answers.", [({}, False)])]
        return [
            *families,
            _gauge("offhook_calls", "Running calls, by state.", _by("state", running)),
            *_of_workers(workers),
            *_of_trunks(trunks),
            _gauge("offhook_outbox_depth", "Callbacks that are kept, by state.", _by("state", depth)),
            _gauge(
                "offhook_outbox_oldest_seconds", "Age of the oldest callback that waits.", [({}, oldest_s)]
            ),
        ]

    def _of_processes(self) -> "list[Metric]":
        from prometheus_client.core import CounterMetricFamily

        processes = dict(self._sources.processes())
        processes["supervisor"] = {"kind": "supervisor", "state": "ready", "pid": os.getppid(), "restarts": 0}
        restarts = CounterMetricFamily(
            "offhook_process_restarts", "How often a process was started again.", labels=["process"]
        )
        ready, memory, files, busy = [], [], [], []
        for name, its in sorted(processes.items()):
            label = {"process": name}
            restarts.add_metric([name], its["restarts"])
            ready.append(({**label, "kind": its["kind"]}, float(its["state"] == "ready")))
            looked = look(its["pid"]) if its["pid"] is not None else None
            if looked is not None:
                memory.append((label, looked.memory_bytes))
                files.append((label, looked.open_files))
                busy.append((label, looked.busy_s))
        cpu = CounterMetricFamily("offhook_process_cpu_seconds", "Processor time.", labels=["process"])
        for label, seconds in busy:
            cpu.add_metric([label["process"]], seconds)
        return [
            _gauge("offhook_process_ready", "Whether a process does its work.", ready),
            _gauge("offhook_process_resident_bytes", "Memory that a process has.", memory),
            _gauge("offhook_process_open_fds", "Files and sockets that a process has open.", files),
            cpu,
            restarts,
        ]


@dataclass(frozen=True, slots=True)
class Looked:
    """What the kernel says of a process."""

    memory_bytes: float
    open_files: float
    busy_s: float


def look(pid: int) -> Looked | None:
    """What the kernel says of a process; None where it is gone, or where there is no /proc."""
    folder = Path("/proc") / str(pid)
    try:
        pages = int((folder / "statm").read_text().split()[1])
        ticks = (folder / "stat").read_text().rpartition(")")[2].split()[11:13]
        open_files = len(os.listdir(folder / "fd"))
    except (OSError, ValueError, IndexError):
        return None
    return Looked(pages * PAGE_BYTES, open_files, sum(map(int, ticks)) / TICKS_PER_S)


def _of_workers(workers: Iterable[WorkerRow]) -> "list[Metric]":
    rows = [({"worker": str(worker.worker_index)}, worker) for worker in workers]
    return [
        _gauge(
            "offhook_call_slots",
            "Calls that a worker can hold.",
            [(label, row.call_slots) for label, row in rows],
        ),
        _gauge(
            "offhook_call_slots_free",
            "Calls that a worker can take now.",
            [(label, row.free_slots) for label, row in rows],
        ),
        _gauge(
            "offhook_worker_draining",
            "Whether a worker waits for its calls to end.",
            [(label, row.is_draining) for label, row in rows],
        ),
    ]


def _of_trunks(trunks: Iterable[tuple[Trunk, TrunkState | None]]) -> "list[Metric]":
    told = [({"trunk": trunk.name}, trunk, state) for trunk, state in trunks if state is not None]
    return [
        _gauge(
            "offhook_trunk_up",
            "Whether a trunk answered when it was last asked.",
            [(label, state.is_up) for label, _, state in told if state.is_up is not None],
        ),
        _gauge(
            "offhook_trunk_registered",
            "Whether we are registered at a trunk.",
            [
                (label, state.registration is Registration.REGISTERED)
                for label, trunk, state in told
                if trunk.registers
            ],
        ),
    ]


def _by(label: str, counts: Mapping[str, int]) -> list[tuple[dict[str, str], float]]:
    return [({label: value}, count) for value, count in sorted(counts.items())]


def _gauge(name: str, help: str, rows: "Iterable[tuple[Mapping[str, str], float]]") -> "Metric":
    from prometheus_client.core import Metric

    family = Metric(name, help, "gauge")
    for labels, value in rows:
        family.add_sample(name, dict(labels), float(value))
    return family


def _merged(told: Mapping[str, Snapshot]) -> "list[Metric]":
    """One family for each name, whichever processes have it."""
    from prometheus_client.core import Metric

    families: dict[str, Metric] = {}
    for process, snapshot in told.items():
        for its in snapshot:
            family = families.setdefault(its["name"], Metric(its["name"], its["help"], its["kind"]))
            for suffix, labels, value in its["samples"]:
                family.add_sample(its["name"] + suffix, {**labels, "process": process}, value)
    return list(families.values())
