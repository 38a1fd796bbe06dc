"""Which digests somebody is offered, and how many strangers are answered at all. Pure: they are told the time.

The same as Kamailio's in `edge/phones.cfg` and `edge/routing.cfg`.
"""

from offhook.trunking.expiring import Expiring
from offhook.trunking.proof import MD5, SHA_256

OFFERED_S, SPEAKS_S = 60.0, 86_400.0
MOST_OFFERED, MOST_SPEAKING = 5000, 16_384
WINDOW_S = 2.0
MOST_EACH, MOST_OF_ALL, HEAPS = 200, 4000, 4096
"""Of one address, and of all, in that time; made-up addresses take no memory."""


class Offers:
    """SHA-256 first, then MD5. There are phones that give up on seeing SHA-256 at all: who asks again in another call, without
    having answered, is offered MD5 alone, and so is whoever proved it with MD5."""

    def __init__(self, setting: str) -> None:
        """`setting` is OFFHOOK_SIP_DIGESTS."""
        self.allowed = (SHA_256, MD5) if setting == "both" else (setting,)
        self._speaks_md5: Expiring[bool] = Expiring(MOST_SPEAKING)
        self._offered: Expiring[int] = Expiring(MOST_OFFERED)

    def to(
        self, name: str, address: str, port: str, asked: str, at: float, *, is_stale: bool
    ) -> tuple[str, ...]:
        """What somebody is offered who says he is `name`. `asked` tells one request from another."""
        if len(self.allowed) == 1:
            return self.allowed
        if self._speaks_md5.get((name, address), at):
            return (MD5,)
        before, now = self._offered.get((name, address, port), at), hash(asked)
        if before is None:
            self._offered.keep((name, address, port), now, at + OFFERED_S)
        elif before != now and not is_stale:
            return (MD5,)
        return self.allowed

    def spoken(self, name: str, address: str, port: str, algorithm: str, at: float) -> None:
        """It proved itself with this one."""
        self._offered.drop((name, address, port))
        if algorithm == MD5:
            self._speaks_md5.keep((name, address), True, at + SPEAKS_S)
        else:
            self._speaks_md5.drop((name, address))


class Strangers:
    """How many of their requests are heard; of the rest nobody hears."""

    def __init__(self) -> None:
        self._began_at = float("-inf")
        self._count = 0
        self._heaps: dict[int, int] = {}

    def are_heard(self, address: str, at: float) -> bool:
        """One came."""
        if at - self._began_at >= WINDOW_S:
            self._began_at, self._count = at, 0
            self._heaps.clear()
        heap = hash(address) % HEAPS  # which nobody can know, for texts are hashed with a secret of each run
        self._heaps[heap] = self._heaps.get(heap, 0) + 1
        if self._heaps[heap] > MOST_EACH:
            return False
        self._count += 1
        return self._count <= MOST_OF_ALL
