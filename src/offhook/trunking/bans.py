"""Who guesses at passwords: how often, from where, at which name; and who is not listened to for a while. Pure: it is told the time.

The same as Kamailio's in `edge/phones.cfg`. The fifth wrong password within ten minutes bans the address that it came from and the name
that was guessed at, each for ten minutes; the next five for twice as long, and so on up to a day. Who has proven a name from an address
is not touched by either, until that very pair has five wrong passwords itself.
"""

from dataclasses import dataclass

from offhook.trunking.expiring import Expiring

MOST_FAILURES = 5
COUNTED_S = 600.0
FIRST_BAN_S, LONGEST_BAN_S, TERM_S = 600.0, 86_400.0, 172_800.0
PROVEN_S = 86_400.0
MOST = 16_384
"""Of addresses, of names that nobody has, and of pairs; names that somebody has are as many as there are clients."""
MOST_CLIENTS = 131_072


@dataclass(frozen=True, slots=True)
class Ban:
    """One that has begun."""

    who: str
    """An address or a name."""
    seconds: float


class BanBook:
    """One for one thread. A name is given with whether somebody has it, lest made-up ones crowd out what is known of it."""

    def __init__(self, *, most: int = MOST) -> None:
        self._addresses = _Guessers(most)
        self._names = {True: _Guessers(MOST_CLIENTS), False: _Guessers(most)}
        self._pairs: Expiring[int] = Expiring(most)
        self._proven: Expiring[bool] = Expiring(most)

    def is_banned(self, name: str, address: str, at: float, *, is_known: bool, is_shown: bool) -> bool:
        """Whether nobody listens; to a name that is only mentioned, and not shown credentials for, everybody does."""
        if self._proven.get((name, address), at):
            return False
        return self._addresses.are_banned(address, at) or (
            is_shown and self._names[is_known].are_banned(name, at)
        )

    def wrong(self, name: str, address: str, at: float, *, is_known: bool) -> tuple[Ban, ...]:
        """A wrong password came; the bans that begin by it."""
        failures = (self._pairs.get((name, address), at) or 0) + 1
        self._pairs.change((name, address), failures, at, at + COUNTED_S)
        if failures >= MOST_FAILURES:
            self._proven.drop((name, address))
        bans = self._addresses.failed(address, at), self._names[is_known].failed(name, at)
        return tuple(ban for ban in bans if ban is not None)

    def right(self, name: str, address: str, at: float) -> None:
        """Somebody has proven his name."""
        self._proven.keep((name, address), True, at + PROVEN_S)
        self._pairs.drop((name, address))


class _Guessers:
    """All addresses, or all names."""

    def __init__(self, most: int) -> None:
        self._failures: Expiring[int] = Expiring(most)
        self._terms: Expiring[float] = Expiring(most)
        self._bans: Expiring[bool] = Expiring(most)

    def are_banned(self, who: str, at: float) -> bool:
        return self._bans.get(who, at) is not None

    def failed(self, who: str, at: float) -> Ban | None:
        failures = (self._failures.get(who, at) or 0) + 1
        if failures < MOST_FAILURES:
            self._failures.change(who, failures, at, at + COUNTED_S)
            return None
        self._failures.drop(who)
        term = min((self._terms.get(who, at) or FIRST_BAN_S / 2) * 2, LONGEST_BAN_S)
        self._terms.keep(who, term, at + TERM_S)
        self._bans.keep(who, True, at + term)
        return Ban(who, term)
