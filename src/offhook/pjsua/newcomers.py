"""New calls from addresses that may not call: who proves to be somebody all the same, and what the others are told.

A call of who has proven it is let in by `front_door`, and known again a moment later, when the library has made a call of it. Nobody
else's is: a message that is shown a second time comes no further than the transaction that the first one has. Everything here runs on
the owner thread.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property

from offhook.pjsua.invite import LINE_END, Invite, first_header, headers_of, read_invite
from offhook.pjsua.packet_filter import IpAddress

CREDENTIALS = "proxy-authorization"
MOST_TURNED_AWAY = 256
"""Proven calls of which it is remembered that they were, for when the same message comes again."""


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """What a request is answered."""

    status: int
    """0 is no answer at all."""
    words: str = ""
    """The reason phrase; empty is the usual one."""
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Proven:
    """A client who has proven himself."""

    login: str
    is_again: bool = False
    """Whether the very same message did so before."""


class Newcomer:
    """An INVITE that is of no call yet, read as far as somebody asks."""

    def __init__(
        self, text: bytes, source: IpAddress, source_name: str, transport: str, connection: int
    ) -> None:
        """`source_name` is `address:port`; `connection` is the address of the `pjsip_transport`."""
        self.text, self.connection = text, connection
        self.source, self.source_name, self.transport = source, source_name, transport

    @cached_property
    def message(self) -> str:
        """All of it."""
        return self.text.decode("utf-8", "surrogateescape")

    @cached_property
    def invite(self) -> Invite:
        """What it says."""
        return read_invite(self.message, self.source_name, self.transport)

    @cached_property
    def uri(self) -> str:
        """Its Request-URI, as it is written; empty where that cannot be found."""
        words = LINE_END.split(self.message, maxsplit=1)[0].split(" ")
        return words[1] if len(words) == 3 else ""  # method, URI, version

    @cached_property
    def _headers(self) -> list[tuple[str, str]]:
        return headers_of(self.message)

    @cached_property
    def credentials(self) -> tuple[str, ...]:
        """Its Proxy-Authorization headers."""
        return tuple(value for name, value in self._headers if name.lower() == CREDENTIALS)

    @property
    def agent(self) -> str:
        """What it says that it was made by."""
        return first_header(self._headers, "User-Agent")

    @cached_property
    def asked(self) -> str:
        """What tells this request from others of its sender."""
        return f"{first_header(self._headers, 'Call-ID')} {first_header(self._headers, 'CSeq')}"


Judge = Callable[[Newcomer], Proven | TurnedAway | None]
"""Who it is, or what it is answered; None where nobody is asked for a password."""


class Newcomers:
    """Those of one engine."""

    def __init__(
        self,
        refuse: Callable[[Invite], int | None],
        *,
        may_call: Callable[[IpAddress], bool],
        on_proven: Callable[[int], None],
    ) -> None:
        """`refuse` decides about calls, whoever they are of; `on_proven` hears by which connection a client's comes."""
        self._refuse = refuse
        self._may_call = may_call
        self._on_proven = on_proven
        self.judge: Judge = lambda _newcomer: None
        self._let_in: tuple[object, str] | None = None
        """What was proven by the message that the library is dealing with, and who by it."""
        self._turned_away: dict[object, int] = {}
        """Which proven calls were told what: sent again, they would be nobody's."""

    def refused(self, newcomer: Newcomer) -> TurnedAway | None:
        """What it is answered; None lets it in."""
        self._let_in = None
        if self._may_call(newcomer.source):
            return None
        judged = self.judge(newcomer)
        if isinstance(judged, TurnedAway):
            return judged
        invite = newcomer.invite
        if judged is not None:
            invite = replace(invite, client=judged.login)
        status = self._refused(invite, is_again=judged is not None and judged.is_again)
        if status is not None:
            return TurnedAway(status)
        if judged is not None and not judged.is_again:
            self._let_in = _name(invite), judged.login
            self._on_proven(newcomer.connection)
        return None

    def _refused(self, invite: Invite, *, is_again: bool) -> int | None:
        if is_again and (told := self._turned_away.get(_name(invite))) is not None:
            return told
        status = self._refuse(invite)
        if status is not None and invite.client is not None:
            if len(self._turned_away) >= MOST_TURNED_AWAY:
                del self._turned_away[next(iter(self._turned_away))]
            self._turned_away[_name(invite)] = status
        return status

    def known(self, invite: Invite) -> Invite:
        """The INVITE of a call that the library has made, with the client who has proven that it is his."""
        let_in, self._let_in = self._let_in, None
        return (
            replace(invite, client=let_in[1]) if let_in is not None and let_in[0] == _name(invite) else invite
        )


def _name(invite: Invite) -> object:
    return invite.sip_call_id, invite.cseq, invite.source, invite.called
