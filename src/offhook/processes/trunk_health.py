"""Asks each trunk every so often whether it answers (OPTIONS). One worker does; all read what it tells."""

import asyncio
import random
import ssl
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import structlog

from offhook.call.trunks import Trunk
from offhook.config import Settings
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_services import TrunkServices
from offhook.processes.trunk_states import TrunkStates
from offhook.processes.trunk_tasks import TrunkTasks
from offhook.trunking.probe import TROUBLES, NoAnswer, ask_options

log = structlog.get_logger()

FIRST_WITHIN_S = 2.0
"""Trunks that were added are asked the first time within this time, not all at once."""
DOWN_EVERY_S = 10.0
"""How often one is asked that is down, where the others are asked less often."""
Ask = Callable[[Trunk], Awaitable[tuple[bool, str]]]
"""Asks a trunk: whether it takes calls, and what it said, to be put after its name."""


def asking(settings: Settings, services: TrunkServices) -> Ask:
    """OPTIONS to a trunk, as its calls would go: it is well where one of its hosts is."""

    async def ask(trunk: Trunk) -> tuple[bool, str]:
        told = (False, "")
        for hop in await services.hops(trunk):
            told = await ask_at(trunk, hop)
            if told[0]:
                break
        return told

    async def ask_at(trunk: Trunk, hop: tuple[str, int] | None) -> tuple[bool, str]:
        try:
            answer = await ask_options(trunk, at=hop, make_context=lambda: tls_context(settings))
        except NoAnswer as none:
            return False, str(none)
        if answer.status in TROUBLES:
            return False, f"is there, and answered OPTIONS with {answer.words}: it takes no calls now"
        return True, f"answered OPTIONS with {answer.words}"

    return ask


def tls_context(settings: Settings) -> ssl.SSLContext:
    """A client's side of TLS, as calls over trunks have it."""
    context = ssl.create_default_context(cafile=str(settings.sip_tls_ca) if settings.sip_tls_ca else None)
    if not settings.sip_tls_verify:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


class TrunkHealth:
    """Knows which trunks answer. Belongs to the event loop."""

    def __init__(self, book: TrunkBook, states: TrunkStates, ask: Ask, *, every_s: float) -> None:
        self._states = states
        self._ask = ask
        self._every_s = every_s
        self._tasks = TrunkTasks(
            book, "OPTIONS", self._ask_for_ever, is_wanted=lambda trunk: trunk.is_enabled
        )

    async def keep(self) -> None:
        """Ask all trunks that are enabled, until cancelled."""
        await self._tasks.keep()

    async def _ask_for_ever(self, trunk: Trunk) -> None:
        was_up: bool | None = None
        await asyncio.sleep(random.uniform(0, min(FIRST_WITHIN_S, self._every_s)))
        while True:
            is_up, said = await self._ask(trunk)
            await self._states.change(trunk.sid, is_up=is_up, health=said, asked_at=datetime.now(UTC))
            if is_up is not was_up:
                say = log.info if is_up else log.warning
                say("trunk.up" if is_up else "trunk.down", trunk=trunk.name, said=f"{trunk.name} {said}")
            was_up = is_up
            pause_s = self._every_s if is_up else min(self._every_s, DOWN_EVERY_S)
            await asyncio.sleep(pause_s * random.uniform(0.9, 1.1))
