"""Puts recordings into words: takes what waits, hears it stretch by stretch, and tells who asked.

One is taken with a lease that is renewed while it is heard; what a process that died had taken is taken again when its
lease runs out. The words and the callback that tells of them are written at once, so it is told of exactly once.
"""

import asyncio
import time
import wave
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NoReturn

import structlog

from offhook.call.errors import OffhookError
from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionStatus
from offhook.processes.absence import Absence
from offhook.records.database import DatabaseFault
from offhook.records.recordings import file_in
from offhook.records.transcriptions import TranscriptionQueue
from offhook.speech.pcm import FRAME_S
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Recogniser,
    RecogniserOptions,
    Recognition,
    SpeechFailed,
)
from offhook.speech.stretches import Stretch, stretches

LOOK_EVERY_S = 1.0
LEASE_S = 60.0
RENEW_AFTER_S = 10.0
SPEED = 2.0
"""So many times as fast as it was spoken: recognisers are made for live speech, and keep little of it while they
connect."""
SENT_AT_ONCE = 10
"""Frames."""
LAST_WORDS_S = 60.0
"""How long a recogniser may take for the rest of a stretch once it has all of it."""
TRIES = 3
TRY_AGAIN_S = 5.0
GIVEN_UP_AFTER = timedelta(days=1)
"""What has waited for so long is not tried again: perhaps it is what its takers die of."""

log = structlog.get_logger()


class NoWords(OffhookError):
    """The recording cannot be put into words; the text is the reason in its row."""


class Transcriber:
    """Looks for work until cancelled. `folder` is the folder of all recordings, `poke` is called when callbacks wait."""

    def __init__(
        self,
        queue: TranscriptionQueue,
        recognisers: Mapping[str, Recogniser],
        folder: Path,
        *,
        order: Sequence[str] = (),
        poke: Callable[[], None],
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        speed: float = SPEED,
        lease_s: float = LEASE_S,
    ) -> None:
        """`order`: who is asked where the one that was chosen fails. `speed`: how many times as fast as it was spoken a
        recogniser hears it."""
        self._queue = queue
        self._recognisers = recognisers
        self._order = order
        self._folder = folder
        self._poke = poke
        self._wall_clock = wall_clock
        self._speed = speed
        self._lease_s = lease_s

    async def run(self) -> None:
        """Do what waits, one after another, and look again each second."""
        absence = Absence(log, "transcriber.put_off")
        while True:
            try:
                is_done = await self.do_one()
                absence.over()
            except DatabaseFault as error:
                absence.noticed(error)
                is_done = False
            except Exception:  # one recording shall not keep all others waiting; it is tried again later
                log.exception("transcriber.broke")
                is_done = False
            if not is_done:
                await asyncio.sleep(LOOK_EVERY_S)

    async def do_one(self) -> bool:
        """Put the oldest that waits into words; False where none waits. Raises RecordsAway."""
        task = await asyncio.to_thread(self._queue.take, self._lease_s)
        if task is None:
            return False
        held = _Held(self._queue, task, self._lease_s)
        status, text, reason = TranscriptionStatus.COMPLETED, "", ""
        try:
            text = await self._words(held)
        except _Lost:
            log.warning("transcription.lost", transcription_id=task.row.transcription_id)
            return True
        except NoWords as why:
            status, reason = TranscriptionStatus.FAILED, str(why)
        except asyncio.CancelledError:
            held.release()
            raise
        has_callback = await asyncio.to_thread(
            lambda: self._queue.finish(
                held.task, status=status, text=text, reason=reason, at=self._wall_clock()
            )
        )
        if has_callback:
            self._poke()
        log.info("transcription.over", transcription_id=task.row.transcription_id, status=status, why=reason)
        return True

    async def _words(self, held: "_Held") -> str:
        """What is said in the recording. Raises NoWords, _Lost."""
        row = held.task.row
        able = self._able(row.provider)
        if self._wall_clock() - row.date_created > GIVEN_UP_AFTER:
            raise NoWords("given_up: it could not be done for a day")
        path = file_in(self._folder, held.task.file or "")
        if path is None or not path.is_file():
            raise NoWords("the recording is not there any more")
        words: list[str] = []
        spoken = stretches(path)
        try:
            while (stretch := await asyncio.to_thread(next, spoken, None)) is not None:
                words.append(await self._heard(stretch, able, row.language))
                await held.keep()
        except (OSError, EOFError, wave.Error) as error:
            raise NoWords(f"the recording cannot be read: {error}") from error
        return " ".join(word for word in words if word)

    def _able(self, name: str) -> list[Recogniser]:
        """Who is asked, in order: the one that was chosen, then all others that understand free speech. Raises NoWords."""
        there = [
            self._recognisers[its] for its in dict.fromkeys((name, *self._order)) if its in self._recognisers
        ]
        able = [recogniser for recogniser in there if recogniser.capabilities.free_speech]
        if able:
            return able
        if name not in self._recognisers:
            raise NoWords(f"there is no recogniser {name!r} any more")
        raise NoWords(
            f"{FailureKind.NEEDS_MODEL}: the recogniser {name!r} understands only phrases that it was given before; "
            "choose one for free speech with OFFHOOK_ASR"
        )

    async def _heard(self, stretch: Stretch, able: list[Recogniser], language: str) -> str:
        """The words of a stretch. Who fails is taken out of `able`, the last one only after some tries. Raises NoWords."""
        tries = 0
        while True:
            heard = await self._hear(stretch, able[0], language)
            if isinstance(heard, str):
                return heard
            tries += 1
            if len(able) > 1:
                log.info("transcription.next_one", left=able[0].name, why=heard.detail, asked=able[1].name)
                del able[0]
                tries = 0
            elif not heard.retryable or tries == TRIES:
                _fail(heard)
            else:
                await asyncio.sleep(TRY_AGAIN_S)

    async def _hear(self, stretch: Stretch, recogniser: Recogniser, language: str) -> str | SpeechFailed:
        words: list[str] = []
        try:
            async with (
                asyncio.timeout(len(stretch) * FRAME_S / self._speed + LAST_WORDS_S),
                recogniser.listen(RecogniserOptions(language=language)) as recognition,
                asyncio.TaskGroup() as tasks,
            ):
                sending = tasks.create_task(self._send(stretch, recognition))
                async for event in recognition:
                    if isinstance(event, Final):
                        words.append(event.text)
                    elif isinstance(event, SpeechFailed):
                        sending.cancel()
                        return event
                sending.cancel()
        except TimeoutError:
            return SpeechFailed(FailureKind.BROKEN, "it did not answer in time", retryable=True)
        return " ".join(word for word in words if word)

    async def _send(self, stretch: Stretch, recognition: Recognition) -> None:
        for start in range(0, len(stretch), SENT_AT_ONCE):
            some = stretch[start : start + SENT_AT_ONCE]
            for frame in some:
                recognition.send(frame)
            await asyncio.sleep(len(some) * FRAME_S / self._speed)
        recognition.finish()


class _Lost(Exception):
    """Somebody else has it, or it was deleted."""


class _Held:
    """A task and its lease."""

    def __init__(self, queue: TranscriptionQueue, task: TranscriptionTask, lease_s: float) -> None:
        self.task = task
        self._queue = queue
        self._lease_s = lease_s
        self._renewed_at = time.monotonic()

    async def keep(self) -> None:
        """Renew the lease where that is due. Raises _Lost."""
        if time.monotonic() - self._renewed_at < min(RENEW_AFTER_S, self._lease_s / 3):
            return
        until = await asyncio.to_thread(self._queue.renew, self.task, self._lease_s)
        if until is None:
            raise _Lost
        self.task = replace(self.task, lease_until=until)
        self._renewed_at = time.monotonic()

    def release(self) -> None:
        """Let somebody else take it at once."""
        try:
            self._queue.renew(self.task, 0.0)
        except DatabaseFault as error:
            log.warning("transcription.not_released", error=str(error))


def _fail(failure: SpeechFailed) -> NoReturn:
    raise NoWords(f"{failure.kind}: {failure.detail}")
