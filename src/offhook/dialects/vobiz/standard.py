"""What every request about a call tells: Vobiz' standard parameters, in the order of their page."""

from collections.abc import Callable

from offhook.call.info import CallInfo, CallStatus, Direction
from offhook.dialects.clean_text import clean
from offhook.dialects.vobiz.values import Parameters, boolean, microsecond_text, number_text, uuid_of

AuthIdOf = Callable[[str], str]
"""The Auth ID of the account that owns this one, or of itself where nobody does, by its sid."""

HEADER_PREFIXES = ("x-vh-", "x-ph-")
"""Headers of an INVITE that applications are told of, as they came."""


def standard(info: CallInfo, status: CallStatus, *, has_plus: bool, parent_auth_id: AuthIdOf) -> Parameters:
    """The parameters that every request about a call carries."""
    return (
        ("CallUUID", uuid_of(info.call_id)),
        ("From", clean(number_text(info.from_, has_plus=has_plus))),
        ("To", clean(number_text(info.to, has_plus=has_plus))),
        ("Direction", direction_text(info.direction)),
        ("CallStatus", status_text(status)),
        *_optional("ForwardedFrom", info.forwarded_from, has_plus=has_plus),
        *_optional("CallerName", info.caller_name, has_plus=True),
        *_of_outbound(info),
        ("SessionStart", microsecond_text(info.created_at)),
        ("ParentAuthID", parent_auth_id(info.account_sid)),
        *_headers(info),
        *((("Machine", boolean(info.is_machine)),) if info.is_machine is not None else ()),
    )


def direction_text(direction: Direction) -> str:
    """`inbound`, or `outbound` for whatever was called from here."""
    return "inbound" if direction is Direction.INBOUND else "outbound"


def status_text(status: CallStatus) -> str:
    """The states of a call as applications know them: one that was given up before the answer had none."""
    return CallStatus.NO_ANSWER.value if status is CallStatus.CANCELED else status.value


def _optional(name: str, value: str | None, *, has_plus: bool) -> Parameters:
    return ((name, clean(number_text(value, has_plus=has_plus))),) if value else ()


def _of_outbound(info: CallInfo) -> Parameters:
    """The legs of a call that was made from here; a leg that another call dialled names that one first."""
    if info.direction is Direction.INBOUND:
        return ()
    first = uuid_of(info.parent_call_id or info.call_id)
    return (("ALegUUID", first), ("ALegRequestUUID", first), ("RequestUUID", uuid_of(info.call_id)))


def _headers(info: CallInfo) -> Parameters:
    return tuple(
        (clean(name), clean(value))
        for name, value in info.sip_headers
        if name.lower().startswith(HEADER_PREFIXES)
    )
