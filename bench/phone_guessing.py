"""Whether a clock tells which phones there are: python -m bench.phone_guessing

A real Kamailio on loopback is asked to register, one request at a time: by names that it knows and such as it does not, in turns, in
random order. First without credentials, then with wrong ones, at last when the names are banned; each stands beside how long an
answer takes that says nothing of names (OPTIONS of an address that may not call).
"""

import asyncio
import hashlib
import random
import re
import socket
import statistics
import tempfile
import time
from itertools import count
from pathlib import Path

from tests.edge.conftest import running
from tests.edge.phone_stub import login_of
from tests.system.server import free_udp_ports

from offhook.call.ip_addresses import Network
from offhook.call.resource_rows import SIP_REALM
from offhook.edge.kamailio_config import KamailioConfig, Listen
from offhook.edge.phone_book import PhoneBook

NAMES = 250
TRIES = 4
"""For each name: the fifth wrong password bans it."""
PAUSE_S = 0.003
"""Between requests: strangers are heard a thousand times a second."""
ANSWER_S = 5.0
NUMBERS = count(1)


class Guesser:
    """Asks from an address that is another one for each name, so that it is names which are banned."""

    def __init__(self, port: int) -> None:
        self._port = port

    def ask(self, host: str, method: str, name: str, authorization: str = "") -> tuple[str, float]:
        """What is answered to one request, and after how many microseconds."""
        number = next(NUMBERS)
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as phone:
            phone.bind((host, 0))
            phone.settimeout(ANSWER_S)
            here = ":".join(map(str, phone.getsockname()))
            lines = [
                f"{method} sip:127.0.0.1:{self._port} SIP/2.0",
                f"Via: SIP/2.0/UDP {here};branch=z9hG4bK-{number:08}",
                f"From: <sip:{name}@127.0.0.1>;tag={number:08}",
                f"To: <sip:{name}@127.0.0.1>",
                f"Call-ID: {number:08}",
                f"CSeq: 1 {method}",
                f"Contact: <sip:{name}@{here}>",
                *([f"Authorization: {authorization}"] if authorization else []),
                "Content-Length: 0",
            ]
            data = ("\r\n".join(lines) + "\r\n\r\n").encode()
            began = time.perf_counter()
            phone.sendto(data, ("127.0.0.1", self._port))
            answer = phone.recv(65_535).decode()
            took = time.perf_counter() - began
        time.sleep(PAUSE_S)
        return answer, took * 1e6

    def guess(self, host: str, name: str) -> tuple[str, float, float]:
        """A wrong password: the status line, how long the question took, and how long the answer to the guess."""
        asked, asked_us = self.ask(host, "REGISTER", name)
        nonces = re.findall(r'nonce="([^"]*)"', asked)
        if not nonces:
            return asked.partition("\r\n")[0], asked_us, asked_us
        uri, own = f"sip:127.0.0.1:{self._port}", f"{random.getrandbits(32):08x}"
        parts = f"{name}:{SIP_REALM}:{own}", f"REGISTER:{uri}"
        secret, request = (hashlib.sha256(part.encode()).hexdigest() for part in parts)
        words = f"{secret}:{nonces[0]}:00000001:{own}:auth:{request}"
        response = hashlib.sha256(words.encode()).hexdigest()
        answer, took_us = self.ask(
            host,
            "REGISTER",
            name,
            f'Digest username="{name}", realm="{SIP_REALM}", nonce="{nonces[0]}", uri="{uri}", qop=auth, '
            f'nc=00000001, cnonce="{own}", algorithm=SHA-256, response="{response}"',
        )
        return answer.partition("\r\n")[0], asked_us, took_us


def measure(port: int) -> dict[str, dict[str, list[float]]]:
    """Microseconds by what was asked, and by whether the name is known."""
    guesser = Guesser(port)
    names = [(kind, f"{kind}-{number:04}") for kind in ("known__", "unknown") for number in range(NAMES)]
    costs: dict[str, dict[str, list[float]]] = {}
    for turn in range(TRIES + 2):
        random.shuffle(names)
        for kind, name in names:
            place = names.index((kind, name))
            host = f"127.{40 + turn}.{1 + place // 200}.{1 + place % 200}"
            said, asked_us, took_us = guesser.guess(host, name)
            what = "banned" if "Too Many" in said else "wrong password"
            costs.setdefault("asked for a password", {}).setdefault(kind, []).append(asked_us)
            costs.setdefault(what, {}).setdefault(kind, []).append(took_us)
    return costs


def show(costs: dict[str, dict[str, list[float]]]) -> None:
    """Print medians, how far they are apart, and how much one answer differs from the next by itself."""
    for what, kinds in costs.items():
        known, unknown = kinds.get("known__", []), kinds.get("unknown", [])
        medians = statistics.median(known), statistics.median(unknown)
        quarters = statistics.quantiles(known + unknown, n=4)
        some = [random.sample(each, min(500, len(each))) for each in (known, unknown)]
        larger = sum(one > other for one in some[0] for other in some[1])
        share = larger / (len(some[0]) * len(some[1]))
        print(
            f"{what:21} known {medians[0]:6.0f} us   unknown {medians[1]:6.0f} us   "
            f"{abs(medians[0] - medians[1]):4.0f} us apart; half of all within {quarters[2] - quarters[0]:.0f} us; "
            f"a known one takes longer in {100 * share:.1f} % of pairs; {len(known)} and {len(unknown)} answers"
        )


async def main() -> int:
    """Run it; a figure, not a verdict."""
    everybody: tuple[Network, ...] = ()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        config = KamailioConfig(
            listen=(Listen(host="127.0.0.1", port=free_udp_ports(1)),),
            callers_allowed=everybody,
            new_calls_per_s=50,
            list_file=folder / "dispatcher.list",
            rpc_socket=folder / "rpc.sock",
        )
        async with running(config, folder) as edge:
            logins = [login_of(f"known__-{number:04}", f"secret {number}") for number in range(NAMES)]
            await asyncio.to_thread(PhoneBook(edge.rpc).tell, logins)
            show(await asyncio.to_thread(measure, edge.port))
    return 0


if __name__ == "__main__":
    raise SystemExit(asyncio.run(main()))
