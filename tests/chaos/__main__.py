"""`make chaos`: everything goes wrong, for some minutes, while calls run; then it is looked whether anything was lost."""

import argparse
import asyncio
import sys

from tests.chaos.run import Chaos, run

LONGEST_MINUTES = 20
QUIET_MINUTES = 4
"""What it may take until the last callback was tried again and arrived; and two more for the last callers."""


def main() -> int:
    """The exit status: 0 where nothing was lost."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="which faults, when (default: 1)")
    parser.add_argument("--minutes", type=float, default=12.0, help="how long (default: 12, at most 14)")
    parser.add_argument("--rate", type=float, default=4.0, help="new calls a second (default: 4)")
    chosen = parser.parse_args()
    chaos = Chaos(
        seed=chosen.seed,
        seconds=60 * min(max(chosen.minutes, 0.2), LONGEST_MINUTES - QUIET_MINUTES - 2),
        every_s=6.0,
        rate=chosen.rate,
        quiet_s=60 * QUIET_MINUTES,
    )
    print(f"seed {chaos.seed}, {chaos.seconds:g} s of calls and faults, and some minutes until all is quiet")
    verdict = asyncio.run(run(chaos, lambda text: print(text, flush=True)))
    print("\n".join(verdict.lines))
    for fault in verdict.faults:
        print(f"LOST  {fault}")
    print("nothing was lost" if not verdict.faults else f"run it again with --seed {chaos.seed}")
    return 1 if verdict.faults else 0


if __name__ == "__main__":
    sys.exit(main())
