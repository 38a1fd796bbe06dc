"""Keeps Kamailio and the database in line about phones: who may register, who is registered where, which trunks may call."""

import time
from collections.abc import Callable

import structlog

from offhook.call.ip_addresses import Network
from offhook.call.trunks import networks_of
from offhook.edge.phone_book import PhoneBook
from offhook.edge.restoring import restore
from offhook.records.phones import Phones
from offhook.records.secret_keys import SecretKeyWrong
from offhook.records.trunks import Trunks

LOOK_EVERY_S = 1.0
"""How often the rows are looked at; what phones do is heard of at every turn."""
FORGET_EVERY_S = 60.0

log = structlog.get_logger()


class EdgePhones:
    """One turn after another, each on whatever thread, never two at once."""

    def __init__(
        self,
        book: PhoneBook,
        phones: Phones,
        trunks: Trunks,
        *,
        port: int,
        restore_key: str,
        on_counted: Callable[[str, int], None],
    ) -> None:
        """`port` is where Kamailio takes SIP on loopback; `on_counted` hears what it counted, and how many more."""
        self._book = book
        self._phones = phones
        self._trunks = trunks
        self._port = port
        self._restore_key = restore_key
        self._on_counted = on_counted
        self._counts: dict[str, int] = {}
        self._version: tuple[int, ...] | None = None
        self._changed: set[str] = set()
        self._is_restored = False
        self._why_unread = ""
        self._look_at = self._forget_at = 0.0
        self.trunk_networks: tuple[Network, ...] = ()
        """Where calls of trunks come from, as they were told last."""

    def turn(self) -> None:
        """Bring both in line. Blocks; raises RpcFailed, and RecordsAway, after which the next turn goes on."""
        now = time.monotonic()
        if now >= self._look_at:
            self._tell()
            self._count()
            self._look_at = now + LOOK_EVERY_S
        if not self._is_restored:
            self._restore()
        self._changed |= self._book.changed()
        for login in sorted(self._changed):
            self._phones.keep(login, self._book.places(login))
            self._changed.discard(login)
        if now >= self._forget_at:
            self._phones.forget_expired()
            self._forget_at = now + FORGET_EVERY_S

    def _tell(self) -> None:
        self._tell_trunks()
        version = self._phones.version()
        if version == self._version:
            return
        try:
            self._book.tell(self._phones.logins())
        except SecretKeyWrong as wrong:
            log.error("edge.clients_unknown", error=str(wrong), effect="phones register as before")
        self._version = version

    def _tell_trunks(self) -> None:
        try:
            trunks = [trunk for trunk in self._trunks.all() if trunk.is_enabled]
        except SecretKeyWrong as wrong:
            if str(wrong) != self._why_unread:
                log.error("edge.trunks_unknown", error=str(wrong), effect="trunks call as before")
            self._why_unread = str(wrong)
            return
        self._why_unread = ""
        self.trunk_networks = tuple(network for trunk in trunks for network in networks_of(trunk))
        self._book.tell_trunks(self.trunk_networks)

    def _count(self) -> None:
        for name, count in self._book.counted().items():
            more = count - self._counts.get(name, 0)
            if more > 0:
                self._on_counted(name, more)
            self._counts[name] = count

    def _restore(self) -> None:
        places = self._phones.registered()
        taken = restore(places, port=self._port, key=self._restore_key)
        self._is_restored = True
        if places:
            log.info("edge.registrations_restored", known=len(places), restored=taken)
            self._changed |= {place.login for place in places}
