"""Two networks behind NAT, and what is between them, in network namespaces: `unshare --net python -m tests.sip.internet FOLDER`.

    cloud 10.0.0.5 ── router 203.0.113.5 ── wire ── 203.0.113.77 router ── 192.168.7.20 home
                                             └─ 203.0.113.1 STUN

In the cloud Offhook runs, with its ports forwarded; at home a telephone calls it, behind a NAT with a port for each destination.
The telephone would talk on; Offhook hangs up.
Prints as JSON what `offhook doctor --nat` said and what became of the call.
"""

import json
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.processes.test_nat import mapped
from tests.sip.router import Router, enter
from tests.system.server import Output, environment

CLOUD, HOME = "10.0.0.5", "192.168.7.20"
PUBLIC, HOME_OUTSIDE, STUN = "203.0.113.5", "203.0.113.77", "203.0.113.1"
SIP_PORT, STUN_PORT = 5060, 3478
RTP_PORTS = range(24_000, 24_008)
STEP_S = 60
LONGEST_S = 5
"""After which Offhook hangs up."""


class Network:
    """A network namespace, kept by a process that does nothing."""

    def __init__(self) -> None:
        self._keeper = subprocess.Popen(["unshare", "--net", "sh", "-c", "echo; read x"], stdin=-1, stdout=-1)
        assert self._keeper.stdout is not None
        self._keeper.stdout.readline()
        self.pid = self._keeper.pid
        self.ip("link", "set", "lo", "up")

    @property
    def within(self) -> tuple[str, ...]:
        """What begins a program there."""
        return ("nsenter", f"--net=/proc/{self.pid}/ns/net")

    def ip(self, *words: str) -> None:
        subprocess.run([*self.within, "ip", *words], check=True, timeout=STEP_S)

    def wire(self, name: str, other: "Network", its_name: str) -> None:
        """A cable to another one."""
        self.ip("link", "add", name, "type", "veth", "peer", "name", its_name, "netns", str(other.pid))

    def address(self, interface: str, *addresses: str, via: str = "") -> None:
        for address in addresses:
            self.ip("addr", "add", address, "dev", interface)
        self.ip("link", "set", interface, "up")
        if via:
            self.ip("route", "add", "default", "via", via)

    def close(self) -> None:
        self._keeper.communicate(b"\n", STEP_S)


@contextmanager
def internet() -> Iterator[tuple[Network, Network]]:
    """A block in which it is there: the cloud, and home."""
    cloud, first, second, home = networks = [Network() for _ in range(4)]
    first.wire("inside", cloud, "eth0")
    first.wire("wire", second, "wire")
    second.wire("inside", home, "eth0")
    first.address("inside", "10.0.0.1/24")
    first.address("wire", f"{PUBLIC}/24")
    second.address("wire", f"{HOME_OUTSIDE}/24", f"{STUN}/24")
    second.address("inside", "192.168.7.1/24")
    cloud.address("eth0", f"{CLOUD}/24", via="10.0.0.1")
    home.address("eth0", f"{HOME}/24", via="192.168.7.1")
    forwarded = [(CLOUD, port) for port in (SIP_PORT, *RTP_PORTS)]
    routers = [
        Router(first.pid, inside="inside", outside=PUBLIC, forwarded=forwarded),
        Router(second.pid, inside="inside", outside=HOME_OUTSIDE, is_symmetric=True),
    ]
    threading.Thread(target=_stun, args=(second.pid,), daemon=True).start()
    for router in routers:
        router.open()
    try:
        yield cloud, home
    finally:
        for router in routers:
            router.close()
        for network in networks:
            network.close()


def _stun(namespace: int) -> None:
    enter(namespace)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
        bound.bind((STUN, STUN_PORT))
        while True:
            data, (host, port) = bound.recvfrom(2048)
            bound.sendto(mapped(host, port, data[8:20]), (host, port))


def offhook(network: Network, *arguments: str, **environment: str) -> "subprocess.Popen[str]":
    """The command line somewhere."""
    command = [*network.within, sys.executable, "-m", "offhook", *arguments]
    return subprocess.Popen(
        command, env=environment, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


def said(process: "subprocess.Popen[str]") -> dict[str, Any]:
    """What it said, once it is over."""
    output, _ = process.communicate(timeout=STEP_S)
    return {"status": process.returncode, "output": output}


def main(folder: Path) -> dict[str, Any]:
    """Call from home to the cloud, and look at both."""
    ports = f"{RTP_PORTS[0]}-{RTP_PORTS[-1]}"
    settings = environment(
        folder, SIP_PORT=str(SIP_PORT), RTP_PORTS=ports, SIP_ALLOW="0.0.0.0/0", MAX_CALL_S=str(LONGEST_S)
    )
    public = {**settings, "OFFHOOK_PUBLIC_ADDRESS": PUBLIC}
    doctor = ("doctor", "--nat", "--stun", f"{STUN}:{STUN_PORT}")
    recorded = folder / "heard.wav"
    with internet() as (cloud, home):
        without = offhook(cloud, *doctor, **settings)
        server = offhook(cloud, "serve", **public)
        output = Output(server)
        try:
            output.until("Offhook is ready.")
            uri = f"sip:echo@{PUBLIC}:{SIP_PORT}"
            spoken = ("--wait", "0.3", "--say", "hello", "--wait", str(STEP_S / 2))
            words = (*spoken, "--record", str(recorded), "--json")
            call = offhook(
                home, "call", uri, *words, **{**os.environ, "OFFHOOK_DATA_DIR": str(folder / "home")}
            )
            told_public = offhook(cloud, *doctor, **public)
            told = {"call": said(call), "without": said(without), "with": said(told_public)}
            listed = said(offhook(cloud, "calls", "ls", "--json", **public))
            [row] = json.loads(listed["output"])
        finally:
            server.terminate()
            server.wait(STEP_S)
        return {**told, "row": row, "log": output.text[-4000:]}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]))))
