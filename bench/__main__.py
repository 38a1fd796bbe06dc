"""`make bench`: delays of a call, sizes of processes, speed of lists. Tables here, figures in bench/results.

python -m bench [calls] [lists]     all of them unless some are named
"""

import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
BENCHES = {"calls": "bench.calls", "lists": "bench.rest_lists"}


def main() -> int:
    """Run what is named, one after another; 1 where a goal was missed."""
    wanted = sys.argv[1:] or list(BENCHES)
    unknown = [name for name in wanted if name not in BENCHES]
    if unknown:
        print(f"there is no bench {', '.join(unknown)}; there are {', '.join(BENCHES)}")
        return 2
    RESULTS.mkdir(exist_ok=True)
    statuses = [
        subprocess.run(
            [sys.executable, "-m", BENCHES[name], "--json", str(RESULTS / f"{name}.json")], check=False
        ).returncode
        for name in wanted
    ]
    return max(statuses)


sys.exit(main())
