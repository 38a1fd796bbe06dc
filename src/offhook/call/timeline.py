"""The one time axis of a call: what was said in SIP, asked of the application, run, played, pressed and heard.

Noting costs one append, and may be done by any thread, because the SIP library has one of its own. All else, the
counting and the cutting, is done when events are taken to be kept.
"""

from collections import deque
from collections.abc import Callable, Mapping

from offhook.call.discretion import HIDDEN, Discretion
from offhook.call.exchange import without_credentials

Event = tuple[int, str, Mapping[str, object]]
"""Milliseconds since the call began, what kind of thing happened, and what is known of it: plain values."""

FIRST_EVENTS, LAST_EVENTS = 400, 100
"""How many events are kept of a call's beginning, and how many of its end where it has more."""
FIRST_CHARS, LAST_CHARS = 48_000, 16_000
"""The same in characters, roughly as they are written down."""
MOST_CHARS = 1_000
"""How much of one text is kept."""
MOST_LABEL_CHARS = 200
"""How much is kept of what a sound is called: the text that is spoken, or a URL."""
EVENT_CHARS, FACT_CHARS = 24, 14
"""What an event is taken to be long besides its texts, as it is written down."""
MOST_WAITING = 2_000
"""How many events wait to be taken at most; more come only from somebody who floods a call."""


class Timeline:
    """Collects the events of one call. It begins when it is made; `clock` is in seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._began_at = clock()
        self._waiting: deque[tuple[float, str, Mapping[str, object]]] = deque()
        self._when_noted: Callable[[], None] | None = None
        self._events = self._chars = self._left_out = 0
        self._last: deque[tuple[int, Event]] = deque()
        self._last_chars = 0
        self._newest: Mapping[str, object] = {}
        self._sound: Mapping[str, object] | None = None
        self.discretion = Discretion()
        """What the call keeps to itself."""

    @property
    def elapsed_s(self) -> float:
        """How long ago the call began."""
        return self._clock() - self._began_at

    def note(self, kind: str, **facts: object) -> None:
        """Something happens now. For the event loop's thread; it wakes whoever waits for news."""
        self.note_here(kind, facts)
        if self._when_noted is not None:
            wake, self._when_noted = self._when_noted, None
            wake()

    def note_here(self, kind: str, facts: Mapping[str, object]) -> None:
        """Something happens now, in whatever thread; nobody is woken for it."""
        self._newest = facts
        if len(self._waiting) < MOST_WAITING:
            self._waiting.append((self._clock(), kind, facts))
        else:
            self._left_out += 1

    def note_key(self, key: str, *, is_heard: bool) -> None:
        """A key is pressed; `is_heard` where something listens."""
        self.note("key", key=HIDDEN if self.discretion.hides_keys else key, is_heard=is_heard)

    def note_sound(self, label: str, duration_s: float) -> None:
        """A sound is begun. Its repetition is not noted, as long as nothing else happens."""
        label = without_credentials(label)[:MOST_LABEL_CHARS]
        if self._newest is self._sound and self._newest["label"] == label:
            return
        self.note("sound", label=label, length_s=round(duration_s, 2))
        self._sound = self._newest

    def note_whole(self, label: str, duration_s: float) -> None:
        """A sound that grew while it was played has come to its end, and was so long."""
        self.note(
            "played", label=without_credentials(label)[:MOST_LABEL_CHARS], length_s=round(duration_s, 2)
        )

    def note_silenced(self, label: str) -> None:
        """A sound was cut short."""
        self.note("silenced", label=without_credentials(label)[:MOST_LABEL_CHARS])

    def when_noted(self, wake: Callable[[], None]) -> None:
        """Call `wake` at the next `note`, once."""
        self._when_noted = wake

    def take(self, *, is_last: bool = False) -> list[Event]:
        """What is to be kept since the last time; at the last time also the call's end.

        The first events of a call are given out as they come. Those beyond the bounds are held back, the newest ones of
        them are given out at the end, and a `left_out` event before them counts what is missing.
        """
        taken: list[Event] = []
        while self._waiting:
            at, kind, facts = self._waiting.popleft()
            chars, longest = EVENT_CHARS + FACT_CHARS * len(facts), 0
            for value in facts.values():
                if type(value) is str:
                    length = len(value)
                    chars += length
                    longest = max(longest, length)
            if longest > MOST_CHARS:
                facts = _cut(facts)
                chars = FACT_CHARS * len(facts) + MOST_CHARS
            event: Event = (round(1000 * (at - self._began_at)), kind, facts)
            if self._events < FIRST_EVENTS and self._chars + chars <= FIRST_CHARS:
                self._events += 1
                self._chars += chars
                taken.append(event)
            else:
                self._hold_back(event, chars)
        if is_last:
            taken += self._end()
        return taken

    def _hold_back(self, event: Event, chars: int) -> None:
        self._chars = FIRST_CHARS  # nothing after it may come before it
        self._last.append((chars, event))
        self._last_chars += chars
        while len(self._last) > LAST_EVENTS or self._last_chars > LAST_CHARS:
            self._last_chars -= self._last.popleft()[0]
            self._left_out += 1

    def _end(self) -> list[Event]:
        end = [event for _, event in self._last]
        if self._left_out:
            at = end[0][0] if end else round(1000 * self.elapsed_s)
            end.insert(0, (at, "left_out", {"events": self._left_out}))
        self._last.clear()
        self._last_chars = self._left_out = 0
        return end


def _cut(facts: Mapping[str, object]) -> Mapping[str, object]:
    return {name: value[:MOST_CHARS] if isinstance(value, str) else value for name, value in facts.items()}
