"""An ear for noisy lines: Silero's model tells speech from hum, music and babble.

It judges in a process of its own (`silero_process`), one for all callers, begun with the first of them. Verdicts are taken
with the next frame, so it hears 20 to 50 ms later than the other ear. Where that process is gone or falls behind, the other
ear, which hears all the same, is believed instead.
"""

import atexit
import select
import socket
import subprocess
import sys
import time
from itertools import count
from weakref import WeakValueDictionary, finalize

import structlog

from offhook.speech.belief import Belief
from offhook.speech.ear import Ear
from offhook.speech.silero_process import CHUNK_S, EAR, LARGEST_PACKET, VERDICT

THRESHOLDS = (0.3, 0.4, 0.5, 0.7)
"""From which likelihood on a piece is speech, by mode."""
START_WINDOW, START_VOICED = 4, 3
"""Speech begins when 3 of the last 4 pieces (128 ms) are voiced."""
LATE_S = 1.0
"""How far verdicts may be behind before the other ear is believed; the process and its model need most of it to begin."""
AGAIN_S = 30.0
"""How long a process that died is not begun again."""

log = structlog.get_logger()


class SileroEar:
    """Listens to one caller. `mode` 0 to 3: higher takes less for speech."""

    def __init__(self, *, mode: int = 2) -> None:
        self._threshold = THRESHOLDS[mode]
        self._other = Ear(mode=mode)
        self._belief = Belief(step_s=CHUNK_S, window=START_WINDOW, least=START_VOICED, run=1)
        self._began = False
        self._answered_at: float | None = None
        self._heard_at = 0.0
        self._judges = judges()
        self._number = self._judges.join(self)
        finalize(self, self._judges.leave, self._number)

    @property
    def began_at(self) -> float | None:
        """When speech was first believed; None before."""
        return self._believed.began_at

    @property
    def last_voiced_at(self) -> float | None:
        """When the last voiced piece of speech arrived; None before speech began."""
        return self._believed.last_voiced_at

    @property
    def voiced_s(self) -> float:
        """Seconds of voiced pieces since speech began."""
        return self._believed.voiced_s

    @property
    def lasting_s(self) -> float:
        """Seconds of them since the last longer pause."""
        return self._believed.lasting_s

    def hear(self, frame: bytes, at: float) -> bool:
        """Take the next 20 ms of 16-bit PCM at 8 kHz; True where speech begins, by what is known now."""
        before = self.began_at
        if (
            self._answered_at is None or at - self._heard_at > LATE_S
        ):  # nothing was there to be judged until now
            self._answered_at = at
        self._heard_at = at
        self._judges.send(self._number, at, frame)
        self._judges.read()
        self._other.hear(frame, at)
        return before is None and self.began_at is not None

    def judged(self, at: float, likelihood: float) -> None:
        """A verdict on what was heard until `at`."""
        self._answered_at = at
        self._belief.take(likelihood >= self._threshold, at)

    def forget(self) -> None:
        """Wait for speech anew; what was heard was none."""
        self._belief.forget()
        self._other.forget()

    def catch_up(self, timeout_s: float) -> bool:
        """Wait for the verdicts on what was heard so far, but for less than a piece; whether they came. For audio that is
        heard faster than it was spoken."""
        until = time.monotonic() + timeout_s
        while self._answered_at is None or self._heard_at - self._answered_at > 2 * CHUNK_S:
            if not self._judges.wait(until - time.monotonic()):
                return False
        return True

    @property
    def _believed(self) -> Belief:
        is_late = self._answered_at is not None and self._heard_at - self._answered_at > LATE_S
        return self._other if is_late or not self._judges.are_there else self._belief


class Judges:
    """The process, as whoever listens sees it. Nothing here waits for it, but `wait`."""

    def __init__(self) -> None:
        self.began_at = time.monotonic()
        self.are_there = True
        self._ears: WeakValueDictionary[int, SileroEar] = WeakValueDictionary()
        self._numbers = count(1)
        self._packets, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._packets.setblocking(False)
        self._process: subprocess.Popen[bytes] | None = None
        atexit.register(self.close)
        try:
            with theirs:
                self._process = subprocess.Popen(
                    (sys.executable, "-m", "offhook.speech.silero_process", str(theirs.fileno())),
                    stdin=subprocess.DEVNULL,
                    pass_fds=(theirs.fileno(),),
                )
        except OSError as error:
            self._lost(str(error))

    @property
    def pid(self) -> int:
        """The number of the process; 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    def ended(self, timeout_s: float) -> None:
        """Wait until the process has ended by itself. Raises TimeoutError where it does not."""
        until = time.monotonic() + timeout_s
        while self.are_there:
            if not self.wait(until - time.monotonic()) and time.monotonic() > until:
                raise TimeoutError("it goes on")

    def join(self, ear: SileroEar) -> int:
        """Take verdicts on what `ear` hears; its number."""
        number = next(self._numbers)
        self._ears[number] = ear
        return number

    def leave(self, number: int) -> None:
        """That ear is gone."""
        self.send(number, 0.0, b"")

    def send(self, number: int, at: float, frame: bytes) -> None:
        """Have a frame judged; one for which there is no room is passed over."""
        if not self.are_there:
            return
        try:
            self._packets.send(EAR.pack(number, at) + frame)
        except BlockingIOError:
            pass
        except OSError as error:
            self._lost(str(error))

    def read(self) -> None:
        """Hand out the verdicts that are there."""
        while self.are_there:
            try:
                packet = self._packets.recv(LARGEST_PACKET)
            except BlockingIOError:
                return
            except OSError as error:
                self._lost(str(error))
                return
            if not packet:
                self._lost("it ended")
                return
            number, at, likelihood = VERDICT.unpack(packet)
            ear = self._ears.get(number)
            if ear is not None:
                ear.judged(at, likelihood)

    def wait(self, timeout_s: float) -> bool:
        """Wait for verdicts and hand them out; whether any came."""
        if not self.are_there or not select.select((self._packets,), (), (), max(0.0, timeout_s))[0]:
            return False
        self.read()
        return self.are_there

    def close(self) -> None:
        """End the process."""
        self.are_there = False
        self._packets.close()
        if self._process is not None:
            self._process.wait()

    def _lost(self, why: str) -> None:
        log.warning("silero.lost", why=why)
        atexit.unregister(self.close)
        self.close()


_judges: Judges | None = None


def judges() -> Judges:
    """Those of this process, begun when they are first needed, and again some time after they were lost."""
    global _judges
    if _judges is None or (not _judges.are_there and time.monotonic() - _judges.began_at > AGAIN_S):
        _judges = Judges()
    return _judges
