"""Reads how it is to be found out whether a person or a machine answers a new call."""

from collections.abc import Mapping

from offhook.rest import forms
from offhook.rest.vobiz.answers import must_be
from offhook.rest.vobiz.bodies import Fields, clamped
from offhook.verbs import DetectMachine

TRUE, HANG_UP, FALSE = "true", "hangup", "false"
_RANGES: Mapping[str, tuple[int, int, int]] = {
    "time": (2000, 10_000, 5000),
    "maximum_speech_length": (1000, 6000, 5000),
    "initial_silence": (2000, 10_000, 4500),
    "maximum_words": (2, 10, 3),
    "initial_greeting": (1000, 5000, 1500),
}
"""Least, most and default of each number, by what follows `machine_detection_` in its name; all but the words are
milliseconds."""


def read_detection(body: Fields) -> DetectMachine | None:
    """What was asked for; None where nobody shall look. A URL to be told wants it looked for, unless machine_detection says
    otherwise. Raises Refusal."""
    told = forms.target(body, "machine_detection_url", "machine_detection_method")
    unless_said = FALSE if told is None else TRUE
    wanted = must_be(
        body.get("machine_detection", ""), "machine_detection", (TRUE, HANG_UP, FALSE), unless_said
    )
    numbers = {
        name: clamped(body, f"machine_detection_{name}", least=least, most=most, default=default)
        for name, (least, most, default) in _RANGES.items()
    }
    if wanted == FALSE:
        return None
    return DetectMachine(
        longest_s=numbers["time"] / 1000,
        silence_s=numbers["initial_silence"] / 1000,
        greeting_s=numbers["initial_greeting"] / 1000,
        words=numbers["maximum_words"],
        speech_s=numbers["maximum_speech_length"] / 1000,
        hangs_up=wanted == HANG_UP,
        callback=told,
        is_background=told is not None,
    )
