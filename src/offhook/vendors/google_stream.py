"""When a stream that must not last is followed by another, and what the next one hears again. Pure."""

from collections import deque

from offhook.speech.pcm import SAMPLE_BYTES, SAMPLE_RATE_HZ

BYTES_PER_S = SAMPLE_RATE_HZ * SAMPLE_BYTES

ROTATE_S = 290.0
"""Google ends a stream after 305 seconds."""
QUIET_FROM_S = 240.0
"""From here on the end of a sentence is a good moment."""
MOST_REPLAY_S = 30.0
"""Where more than this is not covered, the old stream is let finish it."""


class StreamSpan:
    """The audio of one stream: what no final covers yet is kept, and said again to the stream that follows."""

    def __init__(
        self,
        *,
        rotate_s: float = ROTATE_S,
        quiet_from_s: float = QUIET_FROM_S,
        most_replay_s: float = MOST_REPLAY_S,
    ) -> None:
        """`most_replay_s` must be less than the other two, or streams follow one another for ever."""
        self._most_replay_s = most_replay_s
        self._rotate_s = rotate_s
        self._quiet_from_s = quiet_from_s
        self._kept: deque[bytes] = deque()
        self._covered_bytes = 0
        self._sent_bytes = 0
        self._is_quiet = True

    def sent(self, audio: bytes) -> None:
        """The stream was sent this."""
        self._kept.append(audio)
        self._sent_bytes += len(audio)

    def heard(self, *, final_until_s: float | None) -> None:
        """Words came: a partial, or a final that covers all audio until a moment of the stream."""
        self._is_quiet = final_until_s is not None
        if final_until_s is None:
            return
        until = min(round(final_until_s * SAMPLE_RATE_HZ) * SAMPLE_BYTES, self._sent_bytes)
        while self._covered_bytes < until:
            first = self._kept.popleft()
            covered = first[: until - self._covered_bytes]
            self._covered_bytes += len(covered)
            if rest := first[len(covered) :]:
                self._kept.appendleft(rest)

    @property
    def sent_s(self) -> float:
        """How much audio the stream was sent."""
        return self._sent_bytes / BYTES_PER_S

    @property
    def is_due(self) -> bool:
        """Whether another stream should follow now."""
        return self.sent_s >= self._rotate_s or (self._is_quiet and self.sent_s >= self._quiet_from_s)

    @property
    def uncovered_s(self) -> float:
        """Seconds at the end that no final covers."""
        return (self._sent_bytes - self._covered_bytes) / BYTES_PER_S

    @property
    def can_be_cut(self) -> bool:
        """Whether the next stream can hear all that is not covered; else this one has to finish it."""
        return self.uncovered_s <= self._most_replay_s

    def replay(self) -> tuple[bytes, ...]:
        """What the next stream hears first, where this one was cut."""
        replayed: deque[bytes] = deque()
        left_bytes = round(self._most_replay_s * BYTES_PER_S)
        for audio in reversed(self._kept):
            left_bytes -= len(audio)
            if left_bytes < 0:
                break
            replayed.appendleft(audio)
        return tuple(replayed)
