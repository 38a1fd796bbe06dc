"""One run: a server with calls, everything that goes wrong, quiet again, and the checker."""

import asyncio
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from tests.chaos.callers import Callers
from tests.chaos.checker import Rows, Verdict, check
from tests.chaos.customer import Customer, forget_requests
from tests.chaos.faults import Faults, descriptors, processes
from tests.chaos.plan import plan
from tests.postgresql import running_postgresql
from tests.system.server import Server, free_udp_ports, running_server
from tests.webhooks.server import application

NUMBER = "chaos"
WORKERS = 2
MOST_NEW_DESCRIPTORS = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Chaos:
    """How much of it."""

    seed: int
    seconds: float
    every_s: float
    """About how long between two blows."""
    rate: float
    """New calls a second, in all."""
    longest_s: float = 60.0
    """No fault lasts longer."""
    quiet_s: float = 120.0
    """How long it may take until all has come to its end."""


async def run(chaos: Chaos, say: Callable[[str], None]) -> Verdict:
    """Let it happen, and look."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="offhook-chaos-")))
        database = stack.enter_context(running_postgresql())
        url = database.create("chaos")
        first_port = free_udp_ports(WORKERS)
        server = stack.enter_context(
            running_server(
                folder,
                DATABASE_URL=url,
                WORKERS=str(WORKERS),
                SIP_PORT=str(first_port),
                RTP_PORTS="24000-25999",
                WEBHOOK_RESPONSE_S="3",
                WEBHOOK_TOTAL_S="4",
                WEBHOOK_RETRY_S="6",
                LOG_LEVEL="warning",
            )
        )
        async with application() as app:
            customer = Customer()
            customer.serve(app)
            server.give_number(
                NUMBER,
                f"{app.url}/voice",
                VoiceFallbackUrl=f"{app.url}/next",
                StatusCallback=f"{app.url}/state",
            )
            before = _descriptors(server)
            callers = Callers(folder, number=NUMBER)
            forgetting = asyncio.create_task(forget_requests(app))
            faults = Faults(supervisor_pid=server.process.pid, database=database, customer=customer, say=say)
            try:
                calls_each = round(chaos.seconds * chaos.rate / WORKERS)
                ports = [first_port + index for index in range(WORKERS)]
                await callers.begin(ports, calls_each=calls_each, rate_each=chaos.rate / WORKERS)
                blows = plan(
                    chaos.seed, seconds=chaos.seconds, every_s=chaos.every_s, longest_s=chaos.longest_s
                )
                await faults.carry_out(blows)
                await callers.over()
                quiet_after_s = await _until_quiet(url, chaos.quiet_s)
            finally:
                callers.end()
                forgetting.cancel()
            verdict = check(
                Rows.read(url), customer, callers.heard(), journal=folder / "journal", number=NUMBER
            )
            verdict.must_be_none("crowds that heard nothing", callers.silent())
            verdict.count("blows", sum(faults.done.values()))
            verdict.count("seconds from the last caller until all was told", round(quiet_after_s, 1))
            grown = _descriptors(server) - before
            verdict.must_be_none("processes with leaked descriptors", int(grown > MOST_NEW_DESCRIPTORS))
        return verdict


async def _until_quiet(url: str, within_s: float) -> float:
    """How long it took until no call was open and no callback waited; it returns in any case."""
    began_at = time.monotonic()
    while time.monotonic() - began_at < within_s:
        rows = await asyncio.to_thread(Rows.read, url)
        if not rows.open_calls and not rows.waiting_callbacks and not rows.running_gathers:
            break
        await asyncio.sleep(0.5)
    return time.monotonic() - began_at


def _descriptors(server: Server) -> int:
    """Of all processes together."""
    return sum(descriptors(pid) for pid in processes(server.process.pid))
