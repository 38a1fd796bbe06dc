"""Put the caller on hold by SIP, and take them off again."""

from dataclasses import dataclass
from typing import ClassVar

from offhook.verbs.request import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Put the caller on hold; the next verbs run while they are."""

    needs_answer: ClassVar[bool] = True

    action: Target | None = None
    music_url: str | None = None
    """Absolute URL of a sound that is played to them again and again while they are held."""
    line: int | None = None
    """The line of the document where the verb stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resume:
    """Take the caller off hold; nothing happens to one who is not held."""

    needs_answer: ClassVar[bool] = True

    action: Target | None = None
    line: int | None = None
    """The line of the document where the verb stands."""
