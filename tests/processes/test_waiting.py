"""A process that begins while the database is away, over real processes."""

import subprocess
import sys

WAITS = """
import asyncio, os, sys
from offhook.call.errors import RecordsAway
from offhook.processes.waiting import once_there

begun = [b"begun"]
sys.stdout = sys.stderr  # the other one has no reader soon

def ask():
    if begun:
        os.write(1, begun.pop())
    raise RecordsAway("it is away")

asyncio.run(once_there(ask))
"""
STARTS_IT_AND_ENDS = f"""
import subprocess, sys
subprocess.Popen([sys.executable, "-c", {WAITS!r}], stdout=subprocess.PIPE).stdout.read(5)
"""


def test_it_does_not_outlive_its_supervisor() -> None:
    # The error stream belongs to both, so that it ends once neither runs any more.
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", STARTS_IT_AND_ENDS],
        stderr=subprocess.PIPE,
        timeout=60,
        check=True,
        text=True,
    )
    assert "process.supervisor_is_gone" in done.stderr
