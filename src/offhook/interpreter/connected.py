"""Who talks with a call: the legs that it dialled and is connected with, or the call that dialled it."""

from collections.abc import Callable

from offhook.interpreter.control import Control

ControlOf = Callable[[str], Control | None]
"""What can be done to a call of this worker, by its id; None for one that does not run here."""


def connected(control: Control, control_of: ControlOf) -> tuple[Control, ...]:
    """The controls of all who talk with a call that lives."""
    others = [control_of(leg.call_id) for leg in control.connected_legs]
    info = control.call.info
    parent = control_of(info.parent_call_id) if info.parent_call_id is not None else None
    if parent is not None and info.call_id in {leg.call_id for leg in parent.connected_legs}:
        others.append(parent)
    return tuple(other for other in others if other is not None and not other.is_over)
