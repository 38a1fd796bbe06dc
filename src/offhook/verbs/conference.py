"""Take the caller into a conference."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.file_format import FileFormat
from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """Join the conference of that name; ends when the caller leaves it, is removed, or the conference ends."""

    needs_answer: ClassVar[bool] = True

    name: str
    """Names belong to the account."""
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    follows_action: bool = True
    """Whether the call goes on with what the action answers; else the action is told, and the next verb runs."""
    callback: Target | None = None
    """Where comings and goings, keys, and the beginning and end of the conference are told; the answer is not read."""
    is_muted: bool = False
    enter_beeps: int = 1
    """How many beeps those inside hear when the caller comes."""
    exit_beeps: int = 1
    """The same of another beep when the caller goes."""
    enter_sound: Target | None = None
    """A sound, or a document of Say, Play and Pause, that those inside hear when the caller comes."""
    exit_sound: Target | None = None
    """The same when the caller goes; it is asked for when the caller comes."""
    relays_keys: bool = False
    """Whether the others are sent the keys that the caller presses."""
    starts_on_enter: bool = True
    """Whether the conference begins with this caller; until somebody begins it, all hear the waiting sound."""
    ends_on_exit: bool = False
    """Whether the conference is over for all when this caller leaves."""
    wait: Target | None = None
    """A sound, or a document of Say and Play, that is heard while the conference has not begun; None is the built-in one."""
    is_wait_silent: bool = False
    """Nothing is heard while waiting."""
    max_participants: int = 40
    may_be_alone: bool = True
    """Whether the caller may stay once all others have gone; else they leave, too."""
    told_keys: tuple[str, ...] = ()
    """Sequences of keys that are told to `callback` when the caller has pressed them."""
    is_recorded: bool = False
    records_alone: bool = True
    """Whether it is recorded while one caller is inside alone; else each time that there are several is a recording."""
    file_format: FileFormat = FileFormat.WAV
    """Of the recording."""
    time_limit_s: float = 14_400.0
    hang_up_key: str = ""
    """A key with which the caller leaves and goes on; empty for none."""
    line: int | None = None
    """The line of the document where the verb stands."""
