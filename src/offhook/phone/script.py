"""What the phone does during a call: steps, read from the command line in the order in which they stand."""

from collections.abc import Sequence
from dataclasses import dataclass

KEYS = frozenset("0123456789*#ABCDwW")


@dataclass(frozen=True, slots=True)
class Speak:
    """Say a text with the embedded voice."""

    text: str


@dataclass(frozen=True, slots=True)
class Press:
    """Press keys; `w` waits for half a second."""

    keys: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so many seconds."""

    seconds: float


Step = Speak | Press | Wait


class ScriptInvalid(ValueError):
    """A step that cannot be done; the text says which and why."""


def read_script(arguments: Sequence[str]) -> tuple[Step, ...]:
    """The steps among command-line arguments, in their order. Raises ScriptInvalid."""
    steps: list[Step] = []
    rest = iter(arguments)
    for argument in rest:
        option, has_value, value = argument.partition("=")
        if option in ("--say", "--press", "--wait"):
            steps.append(_step(option, value if has_value else next(rest, "")))
    return tuple(steps)


def _step(option: str, value: str) -> Step:
    if option == "--say":
        return Speak(value)
    if option == "--press":
        if not value or set(value.upper()) - {key.upper() for key in KEYS}:
            raise ScriptInvalid(
                f"--press {value!r}: keys are 0-9, *, #, A-D, and w for a pause of half a second"
            )
        return Press(value)
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds <= 3600:
        raise ScriptInvalid(f"--wait {value!r}: give seconds, from 0 to 3600")
    return Wait(seconds)
