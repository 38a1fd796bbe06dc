"""How `offhook trunk` shows a trunk."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offhook.call.trunk_states import TrunkState
    from offhook.call.trunks import Trunk


def json_of(trunk: "Trunk", state: "TrunkState | None") -> dict[str, Any]:
    """All that may be shown of a trunk: whether it has a password, and never which."""
    return {
        "name": trunk.name,
        "host": trunk.host,
        "port": trunk.port,
        "transport": trunk.transport.value,
        "user": trunk.username,
        "has_password": trunk.password is not None,
        "registers": trunk.registers,
        "inbound": [str(network) for network in trunk.inbound],
        "prefixes": list(trunk.prefixes),
        "caller_id": str(trunk.caller_id),
        "priority": trunk.priority if trunk.sid else None,
        "srtp": trunk.srtp.value,
        "is_enabled": trunk.is_enabled,
        "is_up": state.is_up if state is not None else None,
        "health": state.health if state is not None else "",
        "asked_at": state.asked_at.isoformat() if state is not None and state.asked_at else None,
        "registration": state.registration.value if state is not None else "not asked",
        "registration_words": state.registration_words if state is not None else "",
        "registered_until": (
            state.registered_until.isoformat() if state is not None and state.registered_until else None
        ),
    }


def line_of(told: dict[str, Any]) -> str:
    """A trunk in one line, and in one or two more what is wrong with it."""
    port = f":{told['port']}" if told["port"] else ""
    takes = ", ".join(told["prefixes"]) or "all numbers"
    order = "last" if told["priority"] is None else f"priority {told['priority']}"
    first = f"{told['name']:16} {state_of(told):12} {told['host']}{port} over {told['transport']}  {takes}, {order}"
    lines = [first]
    if told["is_up"] is False:
        lines.append(f"{'':16} it {told['health']}")
    if told["registers"] and told["registration"] != "registered":
        lines.append(f"{'':16} registration: {told['registration']} {told['registration_words']}".rstrip())
    return "\n".join(lines)


def state_of(told: dict[str, Any]) -> str:
    """One word or two."""
    if not told["is_enabled"]:
        return "off"
    if told["is_up"] is None:
        return "not asked"
    if not told["is_up"]:
        return "down"
    return "registered" if told["registration"] == "registered" else "up"


def lines_of(told: dict[str, Any]) -> str:
    """All properties, one a line."""
    return "\n".join(f"{name.replace('_', ' '):18} {_word(value)}" for name, value in told.items())


def sentence(name: str, said: str) -> str:
    """What came back, as a sentence."""
    return f"{name} {said}."


def _word(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(value) or "-"
    return "-" if value in (None, "") else str(value)
