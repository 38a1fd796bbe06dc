"""What the REST API reads of conferences, and can do to them while they run."""

from dataclasses import dataclass
from typing import Protocol

from offhook.call.errors import OffhookError
from offhook.call.listing import ConferenceFilter, Page
from offhook.call.voice_rows import ConferenceRow, ParticipantRow
from offhook.verbs import Target


class Conferences(Protocol):
    """Reads conferences."""

    def get(self, account_sid: str, conference_id: str) -> ConferenceRow | None:
        """The account's conference with this id."""

    def page(
        self, account_sid: str, wanted: ConferenceFilter, *, offset: int, limit: int
    ) -> Page[ConferenceRow]:
        """A stretch of the account's conferences, newest first."""

    def participant(self, account_sid: str, conference_id: str, call_id: str) -> ParticipantRow | None:
        """A call that is, or was, in the account's conference."""

    def participants(
        self, account_sid: str, conference_id: str, *, offset: int, limit: int
    ) -> Page[ParticipantRow]:
        """A stretch of those who are in the account's conference now, in the order of their coming."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ParticipantChange:
    """What a customer wants of somebody in a conference. What is None stays as it is."""

    is_muted: bool | None = None
    is_on_hold: bool | None = None
    hold_sound: Target | None = None
    """What they hear on hold; None is the built-in music."""
    is_deaf: bool | None = None
    is_out: bool = False
    """Whether they are put out of it."""


class ConferenceIsOver(OffhookError):
    """The conference has ended, or that call is not in it any more."""


class ConferenceControl(Protocol):
    """Reaches conferences while they run; returns once the records show what was done.

    Raises ConferenceIsOver, and `live_ports.OwnerAway`.
    """

    async def change(self, conference: ConferenceRow, call_id: str, change: ParticipantChange) -> None:
        """Have somebody in it changed."""

    async def record(self, conference: ConferenceRow, recording_id: str) -> None:
        """Record all who are in it, with this identity, 32 hex digits."""

    async def stop_recording(self, conference: ConferenceRow) -> None:
        """End what `record` began, if anything goes on."""

    async def end(self, conference: ConferenceRow) -> None:
        """End it for all."""
