"""`python -m tests.chaos.hostile`: each attack upon a server with calls, first on its own and then behind Kamailio."""

import argparse
import asyncio
import sys
import tempfile
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

from tests.chaos.hostile.plan import BEHIND_AN_EDGE, EVERYWHERE
from tests.chaos.hostile.trial import LOGIN, Trial
from tests.system.server import free_udp_ports, running_server
from tests.webhooks.server import application

SETTINGS = {"DEV": "", "SIP_ALLOW": "127.0.0.1/32", "WEBHOOK_ALLOW": "127.0.0.0/8", "LOG_LEVEL": "info"}
EDGES = {"none": {}, "kamailio": {"EDGE": "kamailio", "WORKERS": "2"}}


async def run(
    edge: str, calls: int, seconds: float, per_s: float, say: Callable[[str], None], attacks: list[str]
) -> list[str]:
    """What went wrong with one edge or without, in words."""
    say(f"edge: {edge}")
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="offhook-hostile-")))
        # The edge takes SIP on a port of its own, and each worker on one after it.
        ports = {"SIP_PORT": str(free_udp_ports(4)), "RTP_PORTS": "24000-24399"}
        server = stack.enter_context(running_server(folder, **SETTINGS, **ports, **EDGES[edge]))
        app = await stack.enter_async_context(application())
        if edge != "none":
            added = await asyncio.to_thread(
                server.post, "/Clients", Login=LOGIN, Password="nobody guesses this"
            )
            added.raise_for_status()
        trial = Trial(server, seconds=seconds, per_s=per_s, edge=edge, say=say)
        await trial.begin(app, calls)
        await trial.quiet()
        every = EVERYWHERE if edge == "none" else BEHIND_AN_EDGE
        for attack in [each for each in every if not attacks or each in attacks]:
            await trial.attacked(attack)
        await trial.end()
        return trial.faults


def main() -> int:
    """The exit status: 0 where nobody noticed anything."""
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.hostile", description=__doc__)
    parser.add_argument("attack", nargs="*", help=f"which of {', '.join(BEHIND_AN_EDGE)} (default: all)")
    parser.add_argument(
        "--edge", choices=[*EDGES, "both"], default="both", help="what takes the SIP port (default: both)"
    )
    parser.add_argument("--calls", type=int, default=20, help="calls that run meanwhile (default: 20)")
    parser.add_argument(
        "--seconds", type=float, default=10.0, help="how long each attack is (default: 10, at most 60)"
    )
    parser.add_argument(
        "--rate", type=float, default=2000.0, help="packets a second of a flood (default: 2000)"
    )
    chosen = parser.parse_args()
    if unknown := set(chosen.attack) - set(BEHIND_AN_EDGE):
        parser.error(f"there is no attack {', '.join(unknown)}; there are {', '.join(BEHIND_AN_EDGE)}")
    faults = []
    for edge in EDGES if chosen.edge == "both" else [chosen.edge]:
        seconds = min(chosen.seconds, 60.0)
        found = asyncio.run(
            run(
                edge,
                chosen.calls,
                seconds,
                chosen.rate,
                lambda text: print(text, flush=True),
                chosen.attack,
            )
        )
        faults += [f"edge {edge}: {fault}" for fault in found]
    for fault in faults:
        print(f"NOTICED  {fault}")
    print("nobody noticed anything" if not faults else f"{len(faults)} things were noticed")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
