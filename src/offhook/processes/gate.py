"""Which calls a worker refuses at once, and with which status."""

from collections.abc import Callable

import structlog

from offhook.call.trunks import Srtp
from offhook.pjsua.invite import Invite
from offhook.processes.callers import Callers, host_of
from offhook.processes.edge_word import as_told, is_forged
from offhook.processes.trunk_book import TrunkBook

log = structlog.get_logger()

FORBIDDEN, NOT_ACCEPTABLE, UNAVAILABLE = 403, 488, 503


class Gate:
    """Judges on the SIP engine's thread."""

    def __init__(
        self,
        callers: Callers,
        trunks: TrunkBook,
        *,
        srtp: Srtp,
        edge_key: str | None,
        lag_s: Callable[[], float],
        most_lag_s: float,
        is_stopping: Callable[[], bool],
        on_refused: Callable[[str], None],
    ) -> None:
        """`edge_key` is what an edge in front proves its words with; None where there is none. `on_refused` hears why."""
        self._callers = callers
        self._trunks = trunks
        self._srtp = srtp
        self._edge_key = edge_key
        self._lag_s, self._most_lag_s = lag_s, most_lag_s
        self._is_stopping = is_stopping
        self._on_refused = on_refused

    def refuses(self, invite: Invite) -> int | None:
        """The status that it is refused with; None lets it through."""
        came_from = invite.source
        if self._edge_key is not None:
            if is_forged(invite, self._edge_key):
                self._on_refused("source")
                return FORBIDDEN
            came_from = as_told(invite, self._edge_key).source
        if invite.client is None and not self._callers.may_call(invite.source):
            self._on_refused("source")
            return FORBIDDEN
        if self._lag_s() > self._most_lag_s:
            log.warning("call.shed", lag_s=round(self._lag_s(), 3), setting="OFFHOOK_SHED_LAG_S")
            self._on_refused("lag")
            return UNAVAILABLE
        if self._is_stopping():
            self._on_refused("draining")
            return UNAVAILABLE
        if not invite.offers_srtp and self._must_encrypt(came_from):
            log.warning("call.srtp_lacking", source=came_from)
            self._on_refused("srtp")
            return NOT_ACCEPTABLE
        return None

    def _must_encrypt(self, source: str) -> bool:
        trunk = self._trunks.trunk_of(host_of(source))
        return self._srtp is Srtp.REQUIRED or (trunk is not None and trunk.srtp is Srtp.REQUIRED)
