"""What answers a call that a client makes: its own application, or whoever it dials.

In this order: the client's application; another client of its account with the name that it dials; the application of the
number that it dials, whose ever that is, as for a call from outside; and anything else that is a number, called over a
trunk at the client's account's cost and within its limits.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass, replace

from offhook.call.errors import RecordsAway
from offhook.call.info import CallInfo
from offhook.call.resource_rows import CallingClient
from offhook.call.rows import NumberRow
from offhook.call.timeline import Timeline
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.program import Program
from offhook.processes.programs import Programs
from offhook.verbs import Destination, DestinationKind, Dial

MOST_KNOWN = 10_000
NUMBER = re.compile(r"\+?[0-9*#]{2,}")

FindClient = Callable[[str], CallingClient | None]
"""The client with a login; None where none may call. May block."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCall:
    """A call of a client's."""

    caller: CallingClient
    callee: CallingClient | None = None
    """The client of the same account that it dials, unless the caller's application answers."""

    @property
    def asks_number(self) -> bool:
        """Whether the number that it dials may have something to say."""
        return self.caller.application is None and self.callee is None

    def info(self, info: CallInfo, number: NumberRow | None) -> CallInfo:
        """What the call is known by: who calls is who has proven it, whatever the INVITE says."""
        info = replace(info, from_=self.caller.login)
        if number is not None:
            return info
        return replace(info, account_sid=self.caller.account_sid, language=self.caller.language)

    def program(self, called: str, info: CallInfo, timeline: Timeline, programs: Programs) -> Program | None:
        """What answers, where no number does; None where there is nothing of the name."""
        if self.caller.application is not None:
            return programs.of_client(self.caller, info, timeline)
        if self.callee is not None:
            return _dial(DestinationKind.CLIENT, called)
        built_in = programs.built_in(called, info, timeline)
        if built_in is None and NUMBER.fullmatch(called):
            return _dial(DestinationKind.NUMBER, called)
        return built_in


class ClientCalls:
    """Looks up who calls whom."""

    def __init__(self, find: FindClient) -> None:
        self._find = find
        self._known: dict[str, CallingClient | None] = {}
        """What was last found, for when the database is away."""

    async def of(self, login: str, called: str) -> ClientCall | None:
        """The call of the client with this login; None where it is gone, or may not call."""
        caller = await self._client(login)
        if caller is None or caller.application is not None:
            return ClientCall(caller=caller) if caller is not None else None
        callee = await self._client(called) if called != login else None
        is_own = callee is not None and callee.account_sid == caller.account_sid
        return ClientCall(caller=caller, callee=callee if is_own else None)

    async def _client(self, login: str) -> CallingClient | None:
        try:
            found = await asyncio.to_thread(self._find, login)
        except RecordsAway:
            return self._known.get(login)
        if len(self._known) >= MOST_KNOWN:
            self._known.clear()
        self._known[login] = found
        return found


def _dial(kind: DestinationKind, address: str) -> Program:
    return FixedProgram(Dial(destinations=(Destination(kind=kind, address=address),)))
