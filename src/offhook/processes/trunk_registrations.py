"""Stays registered at the trunks that want it: one worker does, anew in time, and after failures with growing pauses."""

import asyncio
import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import NoReturn
from urllib.parse import quote

import structlog

from offhook.call.errors import OffhookError
from offhook.call.trunk_states import Registration
from offhook.call.trunks import WITHOUT_PASSWORD, Trunk, Way
from offhook.pjsua.accounts import MediaKind
from offhook.pjsua.engine import Engine
from offhook.pjsua.registration import RegistrarSaid, Wish
from offhook.pjsua.sip_uris import goes_past_proxy
from offhook.pjsua.switchboard import NEXT_HOP_HEADER
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_services import TrunkServices
from offhook.processes.trunk_states import TrunkStates
from offhook.processes.trunk_tasks import TrunkTasks

log = structlog.get_logger()

EXPIRES_S = 600
ANSWER_S = 40.0
"""How long an answer may take; the library gives up after 32 s."""
FIRST_PAUSE_S, LONGEST_PAUSE_S = 2.0, 300.0
FIRST_REFUSED_S, LONGEST_REFUSED_S = 300.0, 3600.0
"""After a refusal: another try soon would not help, and carriers lock out who guesses."""
REFUSALS = frozenset({401, 403, 404, 407})


def pause_s(failures: int, *, is_refused: bool, chance: float) -> float:
    """How long to wait after so many failures in a row; `chance`, of 0 to 1, keeps servers apart that failed together."""
    first, longest = (FIRST_REFUSED_S, LONGEST_REFUSED_S) if is_refused else (FIRST_PAUSE_S, LONGEST_PAUSE_S)
    grown = min(longest, first * 2.0 ** min(failures - 1, 20))
    return grown * (0.75 + 0.5 * chance)


class TrunkRegistrations:
    """Belongs to the event loop; one for each engine."""

    def __init__(
        self,
        engine: Engine,
        book: TrunkBook,
        states: TrunkStates,
        hosts: TrunkHosts,
        services: TrunkServices,
        *,
        contact_at: Callable[[Trunk], str | None] = lambda _trunk: None,
        is_behind: bool = False,
        pause: Callable[[int, bool], float] = lambda failures, is_refused: pause_s(
            failures, is_refused=is_refused, chance=random.random()
        ),
    ) -> None:
        """`contact_at` gives where a trunk is to call us (`host:port`), where that is not the engine's own address; it may
        block. `is_behind`: a proxy in front is told where each request goes."""
        self._engine = engine
        self._book = book
        self._states = states
        self._hosts = hosts
        self._services = services
        self._contact_at = contact_at
        self._is_behind = is_behind
        self._pause = pause
        self._answers: dict[str, asyncio.Queue[RegistrarSaid]] = {}
        self._count = 0
        self._tasks = TrunkTasks(
            book,
            "REGISTER",
            self._stay,
            is_wanted=lambda trunk: trunk.is_enabled and trunk.registers,
            let_go=self._left,
        )
        engine.on_registrar = self._said

    async def keep(self) -> None:
        """Be registered wherever it is wanted, until cancelled; then nowhere."""
        await self._tasks.keep()

    async def _left(self, trunk: Trunk) -> None:
        if any(each.sid == trunk.sid for each in self._book.kept):
            await self._states.change(
                trunk.sid, registration=Registration.NOT_ASKED, registration_words="", registered_until=None
            )

    async def _stay(self, trunk: Trunk) -> None:
        while True:
            try:
                await self._stay_by_account(trunk)
            except OffhookError as error:  # PJSIP has no room for it, or does not like what it says
                words = f"{error}; tried again in {LONGEST_PAUSE_S:.0f} s"
                log.error("trunk.not_registered", trunk=trunk.name, reason=words)
                await self._states.change(
                    trunk.sid,
                    registration=Registration.FAILED,
                    registration_words=words,
                    registered_until=None,
                )
                await asyncio.sleep(LONGEST_PAUSE_S)

    async def _stay_by_account(self, trunk: Trunk) -> NoReturn:
        self._count += 1
        key = f"{trunk.sid}.{self._count}"  # what an account before this one is still told is not ours
        self._answers[key] = asyncio.Queue()
        failures = 0
        await self._states.change(
            trunk.sid, registration=Registration.TRYING, registration_words="", registered_until=None
        )
        way, place = await self._way(trunk, 0), ""
        is_begun = False
        try:
            while True:
                before = place
                try:
                    place = await self._hosts.place(way, rather=before)
                except OffhookError as error:
                    said = RegistrarSaid(0, str(error), 0)
                else:
                    if is_begun and place != before and self._goes_by_proxy(trunk):
                        # The registrar moved. What it still knows of us is what it shall know: nobody is told that we left.
                        self._engine.post(partial(self._end, key, says_so=False))
                        is_begun = False
                    if not is_begun:
                        await self._begin(key, trunk, way, place)
                        is_begun = True
                    said = await self._register(key)
                failures = 0 if said.expires_s else failures + 1
                is_refused = said.status in REFUSALS
                pause = (
                    self._pause(failures, is_refused)
                    if failures
                    else said.expires_s * random.uniform(0.6, 0.75)
                )
                await self._tell(trunk, said, failures, pause)
                await asyncio.sleep(pause)
                has_others = len(await self._services.hops(trunk)) > 1
                if failures and not is_refused and has_others:
                    self._engine.post(partial(self._end, key))
                    is_begun, way = False, await self._way(trunk, failures)
        finally:
            del self._answers[key]
            self._engine.post(partial(self._end, key))

    def _goes_by_proxy(self, trunk: Trunk) -> bool:
        return self._is_behind and not goes_past_proxy(trunk.uri(""))

    def _end(self, key: str, *, says_so: bool = True) -> None:
        self._engine.registrations.end(key, time.monotonic(), says_so=says_so)

    async def _way(self, trunk: Trunk, failures: int) -> Way:
        hops = await self._services.hops(trunk)
        return Way(uri=trunk.uri(""), trunk=trunk, next_hop=hops[failures % len(hops)])

    async def _begin(self, key: str, trunk: Trunk, way: Way, place: str) -> None:
        username = trunk.username or ""
        goes_by_proxy = self._goes_by_proxy(trunk)
        user = quote(username, safe="")
        at, is_ipv6 = await asyncio.to_thread(self._contact_at, trunk), ":" in trunk.host
        wish = Wish(
            registrar=trunk.uri(""),
            address=f"sip:{user}@{f'[{trunk.host}]' if is_ipv6 else trunk.host}",
            username=username,
            password=trunk.password,
            contact=f"<sip:{user}@{at}>" if at is not None else None,
            expires_s=EXPIRES_S,
            kind=MediaKind(
                is_ipv6,
                trunk.srtp,
                is_past_proxy=self._is_behind and not goes_by_proxy,
                is_crossed=is_ipv6 and goes_by_proxy,
            ),
            route="" if goes_by_proxy else way.route,
            headers={NEXT_HOP_HEADER: place} if goes_by_proxy else {},
        )
        await self._engine.submit(lambda: self._engine.registrations.begin(key, wish))

    async def _register(self, key: str) -> RegistrarSaid:
        answers = self._answers[key]
        while not answers.empty():
            answers.get_nowait()
        try:
            await self._engine.submit(lambda: self._engine.registrations.send(key))
            async with asyncio.timeout(ANSWER_S):
                return await answers.get()
        except TimeoutError:
            return RegistrarSaid(408, "it did not answer", 0)
        except OffhookError as error:
            return RegistrarSaid(0, str(error), 0)

    async def _tell(self, trunk: Trunk, said: RegistrarSaid, failures: int, pause: float) -> None:
        was = self._states.of(trunk.sid).registration
        if said.expires_s:
            until = datetime.now(UTC) + timedelta(seconds=said.expires_s)
            if was is not Registration.REGISTERED:
                log.info("trunk.registered", trunk=trunk.name, seconds=said.expires_s)
            await self._states.change(
                trunk.sid, registration=Registration.REGISTERED, registration_words="", registered_until=until
            )
            return
        is_refused = said.status in REFUSALS
        now = Registration.REFUSED if is_refused else Registration.FAILED
        words = f"{_words(trunk, said)}; tried again in {pause:.0f} s"
        if was is not now or failures == 1:
            (log.error if is_refused else log.warning)("trunk.not_registered", trunk=trunk.name, reason=words)
        await self._states.change(
            trunk.sid, registration=now, registration_words=words, registered_until=None
        )

    def _said(self, key: str, said: RegistrarSaid) -> None:
        if key in self._answers:
            self._answers[key].put_nowait(said)


def _words(trunk: Trunk, said: RegistrarSaid) -> str:
    answer = f"{said.status} {said.reason}".strip() if said.status else said.reason
    if said.status in (401, 407) and trunk.password is None:
        return f"{trunk.host_port} asks for a password, and {WITHOUT_PASSWORD.format(trunk.name)}"
    if said.status in (401, 403, 407):
        return f"{trunk.host_port} does not take the user name and password ({answer})"
    if said.status == 404:
        return f"{trunk.host_port} does not know the user name ({answer})"
    if said.status in (0, 408):
        return f"{trunk.host_port} was not reached: {said.reason}"
    return f"{trunk.host_port} answered {answer}"
