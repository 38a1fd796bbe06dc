"""What Kamailio knows of phones: who may register, told to it; and who did where, asked of it. Over JSON-RPC."""

import re
from collections.abc import Iterable, Mapping
from typing import Any

from offhook.call.ip_addresses import Network, without_scopes
from offhook.call.phone_addresses import PROTOCOLS, called_at
from offhook.call.resource_rows import PhoneLogin, RegisteredPlace
from offhook.edge.rpc import KamailioRpc, RpcFailed

CLIENTS, EDGE, CHANGED, LOCATION = "clients", "edge", "changed", "location"
MOST_CHANGES = 500
"""How many registrations are looked at in one turn; the others wait for the next."""
EMPTY, NOT_FOUND = "Empty queue", ("AOR not found", "no contacts")
_RECEIVED = re.compile(r"sip:(\[[0-9a-f:.]+\]|[^:;\[\]]+):(\d+)(?:;transport=(\w+))?", re.IGNORECASE)


class PhoneBook:
    """Tells and asks. Its methods block, and raise RpcFailed."""

    def __init__(self, rpc: KamailioRpc) -> None:
        self._rpc = rpc
        self._told: dict[str, str] = {}
        self._told_count: int | None = None
        self._told_trunks: str | None = None

    def tell(self, logins: Iterable[PhoneLogin]) -> None:
        """These may register, and nobody else."""
        wanted = {each.login: f"{each.ha1_md5}.{each.ha1_sha256}" for each in logins}
        for login in self._told.keys() - wanted.keys():
            self._rpc.call("htable.delete", CLIENTS, login)
            del self._told[login]
            self._forget_places(login)
        for login, digests in wanted.items():
            if self._told.get(login) != digests:
                self._rpc.call("htable.sets", CLIENTS, login, digests)
                self._told[login] = digests
        if self._told_count != len(wanted):
            self._rpc.call("htable.seti", EDGE, "clients", len(wanted))
            self._told_count = len(wanted)

    def tell_trunks(self, networks: Iterable[Network]) -> None:
        """Calls from these come in, besides those that the configuration names."""
        told = ",".join(sorted({str(network) for network in without_scopes(networks)}))
        if told == (self._told_trunks or ""):
            return
        if told:
            self._rpc.call("htable.sets", EDGE, "trunks", told)
        else:
            self._rpc.call("htable.delete", EDGE, "trunks")
        self._told_trunks = told

    def changed(self) -> frozenset[str]:
        """Logins whose registrations changed since the last time."""
        logins = set()
        for _ in range(MOST_CHANGES):
            try:
                logins.add(str(self._rpc.call("mqueue.fetch", CHANGED)["key"]))
            except RpcFailed as failure:
                if EMPTY in str(failure):
                    break
                raise
        return frozenset(logins)

    def places(self, login: str) -> tuple[RegisteredPlace, ...]:
        """Where a client is registered now: addresses that lead to it through Kamailio."""
        try:
            told = self._rpc.call("ul.lookup", LOCATION, login)
        except RpcFailed as failure:
            if any(words in str(failure) for words in NOT_FOUND):
                return ()
            raise
        contacts = [each["Contact"] for each in told["Contacts"]]
        found = [_place(login, contact) for contact in contacts]
        last_at_the_end = sorted((each for each in found if each is not None), key=lambda each: each.seconds)
        # Two contacts may differ in nothing that is called.
        return tuple({place.contact: place for place in last_at_the_end}.values())

    def counted(self) -> dict[str, int]:
        """How often Kamailio did what it counts, since it was started."""
        lines: list[str] = self._rpc.call("stats.get_statistics", "script:")
        pairs = (line.removeprefix("script:").split(" = ") for line in lines)
        return {name: int(number) for name, number in pairs}

    def _forget_places(self, login: str) -> None:
        try:
            self._rpc.call("ul.rm", LOCATION, login)
        except RpcFailed:  # it was registered nowhere
            return


def _place(login: str, contact: Mapping[str, Any]) -> RegisteredPlace | None:
    """A contact with the way to it, as Kamailio goes it: what its alias says comes before what the URI says."""
    address, seconds = str(contact["Address"]), contact["Expires"]
    received = _RECEIVED.fullmatch(str(contact["Received"]))
    if received is None or not isinstance(seconds, int):
        return None
    host, port, transport = received.groups()
    transport = (transport or "udp").lower()
    uri = called_at(address, host, int(port), transport if transport in PROTOCOLS else "udp")
    return RegisteredPlace(login=login, contact=uri, seconds=float(seconds)) if uri is not None else None
