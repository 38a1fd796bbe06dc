"""Take the caller into a conference."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Conference:
    """Join the conference of that name; ends when the caller leaves it, is removed, or the conference ends."""

    needs_answer: ClassVar[bool] = True

    name: str
    """Names belong to the account."""
    action: Target | None = None
    """Where the outcome is sent; None goes on with the next verb."""
    is_muted: bool = False
    has_beep: bool = True
    """Whether those inside hear a beep when the caller comes, and another when the caller goes."""
    starts_on_enter: bool = True
    """Whether the conference begins with this caller; until somebody begins it, all hear the waiting sound."""
    ends_on_exit: bool = False
    """Whether the conference is over for all when this caller leaves."""
    wait: Target | None = None
    """A sound, or a document of Say and Play, that is heard while the conference has not begun; None is the built-in one."""
    is_wait_silent: bool = False
    """Nothing is heard while waiting."""
    max_participants: int = 40
    is_recorded: bool = False
    time_limit_s: float = 14_400.0
    hang_up_key: str = ""
    """A key with which the caller leaves and goes on; empty for none."""
    line: int | None = None
    """The line of the document where the verb stands."""
