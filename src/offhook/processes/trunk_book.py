"""The trunks as they are now, and how they do: read again every 2 s, so that a change needs no restart."""

import asyncio
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import structlog

from offhook.call.errors import RecordsAway
from offhook.call.trunk_states import TrunkState
from offhook.call.trunks import LAST_PRIORITY, SipTransport, Trunk, Way, trunk_of, ways_to
from offhook.records.secret_keys import SecretKeyWrong
from offhook.records.trunks import Trunks
from offhook.rest.ports import CallRefused

log = structlog.get_logger()

READ_EVERY_S = 2.0
GRACE_S = 30.0
"""How long more than three of its questions a trunk counts as down, of which nothing new is told."""
DEFAULT_NAME = "default"
"""What the trunk of OFFHOOK_TRUNK is called, in messages and in the timeline."""
_OWN = re.compile(r"sip:(\[[0-9A-Fa-f:.]+\]|[^\[\]:;]+)(?::(\d+))?(?:;transport=(\w+))?", re.IGNORECASE)


def default_trunk(setting: str | None) -> tuple[Trunk, ...]:
    """The trunk of OFFHOOK_TRUNK: it takes every number, after all others, and nobody calls from it."""
    found = _OWN.fullmatch(setting or "")
    if found is None:
        return ()
    host, port, transport = found.groups()
    trunk = Trunk(
        sid="",
        name=DEFAULT_NAME,
        host=host.strip("[]"),
        port=int(port) if port else None,
        transport=SipTransport((transport or "udp").lower()),
        priority=LAST_PRIORITY,
    )
    return (trunk,)


class TrunkBook:
    """Knows the trunks. `trunk_of` may be asked by any thread; all else belongs to the event loop."""

    def __init__(
        self,
        records: Trunks | None = None,
        *,
        setting: str | None = None,
        asked_every_s: float = 20.0,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`setting` is OFFHOOK_TRUNK; without `records` that is all there is. A trunk that was found down counts as such
        while it is asked every so many seconds; 0 is never."""
        self._holds = timedelta(seconds=GRACE_S + 3 * asked_every_s) if asked_every_s else timedelta(0)
        self._wall_clock = wall_clock
        self._records = records
        self._default = default_trunk(setting)
        self._trunks: tuple[Trunk, ...] = self._default
        self._states: dict[str, TrunkState] = {}
        self._listeners: list[Callable[[], None]] = []
        self._why_unread = ""

    @property
    def kept(self) -> tuple[Trunk, ...]:
        """The trunks that were added, enabled or not."""
        return tuple(trunk for trunk in self._trunks if trunk.sid)

    @property
    def states(self) -> dict[str, TrunkState]:
        """What is known of them, by their sids."""
        return self._states

    def on_change(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever a trunk was added, changed or removed."""
        self._listeners.append(tell)

    def trunk_of(self, address: str) -> Trunk | None:
        """The trunk whose calls come from an address."""
        return trunk_of(address, self._trunks)

    def are_one(self, address: object, other: object) -> bool:
        """Whether two addresses are those of one trunk. Any thread may ask."""
        trunk = self.trunk_of(str(address))
        return trunk is not None and trunk == self.trunk_of(str(other))

    def ways(self, to: str, caller: str) -> tuple[Way, ...]:
        """How `caller` can reach a number or SIP URI, in order. Raises CallRefused where no trunk takes the number."""
        if to.lower().startswith(("sip:", "sips:")):
            return (Way(uri=to),)
        ways = ways_to(to, self._trunks, caller, self._is_down)
        if ways:
            return ways
        if not self._trunks:
            raise CallRefused(
                f"{to} is a number, and there is no trunk to send it to: add one with `offhook trunk add`, "
                f"set OFFHOOK_TRUNK, or call a SIP URI"
            )
        why = "; ".join(f"{trunk.name} {_why_not(trunk)}" for trunk in self._trunks)
        raise CallRefused(f"no trunk takes {to}: {why}")

    async def keep(self) -> None:
        """Read the trunks every so often, until cancelled."""
        while True:
            await self.read_now()
            await asyncio.sleep(READ_EVERY_S)

    async def read_now(self) -> None:
        """Read the trunks; where the database is away, they stay as they are."""
        if self._records is None:
            return
        try:
            kept, states = await asyncio.to_thread(self._read, self._records)
        except RecordsAway:
            return
        except SecretKeyWrong as wrong:
            if str(wrong) != self._why_unread:
                log.error("trunks.not_read", reason=str(wrong))
            self._why_unread = str(wrong)
            return
        self._why_unread = ""
        self._states = states
        trunks = (*kept, *self._default)
        if trunks == self._trunks:
            return
        self._trunks = trunks
        log.info("trunks.read", trunks=[trunk.name for trunk in trunks if trunk.is_enabled])
        for tell in self._listeners:
            tell()

    @staticmethod
    def _read(records: Trunks) -> tuple[tuple[Trunk, ...], dict[str, TrunkState]]:
        return records.all(), records.states()

    def _is_down(self, trunk: Trunk) -> bool:
        state = self._states.get(trunk.sid)
        if state is None or state.is_up is not False or state.asked_at is None:
            return False
        return self._wall_clock() - state.asked_at < self._holds


def _why_not(trunk: Trunk) -> str:
    if not trunk.is_enabled:
        return "is off"
    return f"takes {', '.join(trunk.prefixes)}"
