"""Kamailio as a carrier that demands registration and digest, with a telephone behind it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from offhook.call.trunks import Trunk
from offhook.edge.installed import find_kamailio
from offhook.edge.kamailio import Kamailio
from offhook.edge.kamailio_config import Listen
from offhook.trunking.probe import NoAnswer, ask_options
from tests.sip.carrier import Carrier
from tests.system.server import free_udp_ports

CONFIG = Path(__file__).with_suffix(".cfg")
NETWORK, HOST = "127.0.0.1", "127.0.0.3"
"""Where its telephones find it, and where its customers do."""
REALM = "carrier.test"
PATIENCE_S = 30


@dataclass
class KamailioCarrier:
    """One that runs."""

    port: int
    user: str
    password: str
    telephone: Carrier
    """Whom its customer calls: it answers."""
    said: list[str] = field(default_factory=list)

    @property
    def options(self) -> tuple[str, ...]:
        """How `offhook trunk add` is told of it."""
        return (
            "--host",
            f"{HOST}:{self.port}",
            "--user",
            self.user,
            "--password",
            self.password,
            "--register",
        )

    async def says(self, words: str) -> None:
        """Return once it has logged this."""
        async with asyncio.timeout(PATIENCE_S):
            while not any(words in line for line in self.said):  # noqa: ASYNC110  # a log has no events
                await asyncio.sleep(0.05)


@asynccontextmanager
async def kamailio_carrier(
    folder: Path, *, user: str, password: str, algorithm: str
) -> AsyncIterator[KamailioCarrier]:
    """A block in which it runs; `algorithm` is that of its digest: MD5 or SHA-256."""
    folder.mkdir()
    telephone = await Carrier.begin(180, 200)
    carrier = KamailioCarrier(free_udp_ports(1), user, password, telephone)
    sides = tuple(Listen(host=host, port=carrier.port, tcp=False) for host in (NETWORK, HOST))
    given = {
        "ALGORITHM": algorithm,
        "REALM": REALM,
        "PASSWORD": password,
        "CUSTOMER": user,
        "CUSTOMERS_SIDE": f"udp:{HOST}:{carrier.port}",
        "NETWORK": f"sip:{NETWORK}:{telephone.port}",
    }
    words = "".join(f'#!define {name} "{value}"\n' for name, value in given.items())
    kamailio = Kamailio(find_kamailio(), folder, lambda _is_error, text: carrier.said.append(text))
    try:
        listen = "".join(f"{line}\n" for side in sides for line in side.lines)
        await kamailio.start(f"#!KAMAILIO\n{words}{listen}{CONFIG.read_text()}", sides)
        ended = asyncio.create_task(kamailio.ended())
        async with asyncio.timeout(PATIENCE_S):
            await _answers(carrier.port)
        yield carrier
        await kamailio.stop()
        await ended
    finally:
        await kamailio.stop()
        await telephone.close()


async def _answers(port: int) -> None:
    while True:
        with suppress(NoAnswer):
            await ask_options(Trunk(sid="TK", name="carrier", host=HOST, port=port), patience_s=0.5)
            return
        await asyncio.sleep(0.05)
