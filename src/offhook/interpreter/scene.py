"""What a verb's runner works in: the call, the tools, and a way to tell partial results."""

from collections.abc import Callable
from dataclasses import dataclass

from offhook.call.port import Call
from offhook.interpreter.ports import Tools
from offhook.verbs import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """One call's surroundings while a verb runs."""

    call: Call
    tools: Tools
    tell_partial: Callable[[Target, str], None]
    """Sends what is understood so far to a target, in order, without waiting."""
