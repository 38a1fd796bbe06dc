"""The call port: all that the interpreter can do with a call. `pjsua.leg` and `testing.scripted_call` fill it.

One shared suite (tests/contract) holds both to the same behaviour.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from offhook.call.info import CallInfo


@dataclass(frozen=True, slots=True, kw_only=True)
class Audio:
    """A sound ready to be played: a WAV file, 16-bit mono at 8 kHz."""

    path: Path
    duration_s: float
    label: str = ""
    """What it is, for people: the text that is spoken, or the URL it came from."""


KeySink = Callable[[str], None]
"""Is told each key (0-9, *, #, A-D) once, when its press begins, on the event loop."""
FrameSink = Callable[[bytes], None]
"""Is told each frame, 20 ms of 16-bit mono PCM at 8 kHz, as it arrives, on the event loop. It must not block."""


class Call(Protocol):
    """One leg. Nothing here raises on hang-up: the block of `alive` does, once."""

    @property
    def info(self) -> CallInfo:
        """What is known of the call."""

    @property
    def is_answered(self) -> bool:
        """Whether the leg was answered, by us or by the called side."""

    async def answer(self) -> None:
        """Answer a ringing call; returns when audio can flow. Does nothing on an answered one."""

    async def reject(self, sip_status: int) -> None:
        """Refuse a ringing call with a SIP status of 300 to 699; returns when the leg is over."""

    async def hang_up(self) -> None:
        """End the leg in whatever state it is; returns when it is over. Does nothing on an ended one."""

    async def play(self, audio: Audio) -> None:
        """Play to the caller; returns at the sound's end. Cancelling it silences the caller within 40 ms."""

    async def echo(self) -> None:
        """Let the caller hear themselves, without end. Cancelling it stops the echo."""

    async def send_keys(self, keys: str) -> None:
        """Send keys (RFC 4733), 0-9 * # A-D, `w` for half a second; returns when all are sent."""

    def keys(self, to: KeySink) -> AbstractContextManager[None]:
        """A block in which each pressed key is told to `to`. Keys pressed outside of one are not kept."""

    def listen(self, to: FrameSink) -> AbstractContextManager[None]:
        """A block in which the caller's audio is told to `to`."""

    def alive(self) -> AbstractAsyncContextManager[None]:
        """A block that ends with `CallEnded` when the leg does, and at once if it already has."""


class DialledCall(Call, Protocol):
    """A leg that we began; it rings at the far end and is answered there."""

    async def rung(self) -> None:
        """Returns when the far end rings, or answers at once."""

    async def connected(self) -> None:
        """Returns when the far end has answered and audio can flow."""
