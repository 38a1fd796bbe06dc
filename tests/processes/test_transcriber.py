"""Recordings become words: cut where nobody speaks, heard by a recogniser, and told once, whatever goes wrong."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from offhook.call.info import new_id
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.rows import AccountRow
from offhook.call.voice_rows import RecordingSource, TranscriptionRow, TranscriptionStatus
from offhook.dialects.rcml.recorded import transcription_request
from offhook.processes.transcriber import Transcriber
from offhook.records.database import Database
from offhook.records.tables import outbox
from offhook.records.transcriptions import TranscriptionQueue, Transcriptions
from offhook.records.voice_tables import transcriptions
from offhook.speech.pcm import FRAME_S
from offhook.speech.recogniser import (
    FailureKind,
    Final,
    RecogniserCapabilities,
    RecogniserOptions,
    SpeechFailed,
)
from offhook.speech.stretches import stretches
from offhook.speech.wav import wav_header
from offhook.testing import FakeRecogniser
from offhook.testing.caller_voice import SILENCE, VOWEL
from offhook.testing.fake_speech import FakeRecognition
from offhook.verbs import Target
from tests.records import story
from tests.records.conftest import migrated_file

__all__ = ["migrated_file"]

QUICK = 1000.0


class PatientRecogniser(FakeRecogniser):
    """Takes an hour for its last words."""

    def __init__(self) -> None:
        super().__init__(latency_s=3600.0)
        self.listens = asyncio.Event()

    @asynccontextmanager
    async def listen(self, options: RecogniserOptions) -> AsyncIterator[FakeRecognition]:
        """Hear one utterance, and tell that it does."""
        async with super().listen(options) as recognition:
            self.listens.set()
            yield recognition


@pytest.fixture
def database(tmp_path: Path, migrated_file: Path) -> Iterator[Database]:
    shutil.copy(migrated_file, tmp_path / "offhook.db")
    database = Database(f"sqlite:///{tmp_path}/offhook.db")
    yield database
    database.close()


@pytest.fixture
def account(database: Database) -> AccountRow:
    return story.account(database)


def sound(*seconds: float) -> bytes:
    """Silence and speech in turns, silence first."""
    frames: list[bytes] = []
    for turn, length_s in enumerate(seconds):
        count = round(length_s / FRAME_S)
        frames += [VOWEL[n % len(VOWEL)] if turn % 2 else SILENCE for n in range(count)]
    return b"".join(frames)


def keep_sound(path: Path, *seconds: float) -> Path:
    """A file of silence and speech in turns."""
    pcm = sound(*seconds)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(wav_header(len(pcm)) + pcm)
    return path


class Desk:
    """A transcription that waits, and what works on it."""

    def __init__(self, database: Database, account: AccountRow, folder: Path) -> None:
        self.database, self.account, self.folder = database, account, folder
        self.pokes = 0
        self.id = new_id()

    def ask(self, *seconds: float, provider: str = "fake") -> None:
        """A recording with silence and speech in turns is to be put into words."""
        recording_id = new_id()
        file = f"{self.account.sid}/RE{recording_id}.wav"
        if seconds:
            keep_sound(self.folder / file, *seconds)
        common: dict[str, Any] = {"recording_id": recording_id, "account_sid": self.account.sid}
        now = datetime.now(UTC)
        story.record(
            self.database,
            RecordingStarted(**common, at=now, source=RecordingSource.RECORD, file=file, call_id=32 * "a"),
            RecordingFinished(**common, at=now, duration_s=5.0, size_bytes=80_044),
            TranscriptionAsked(
                **common,
                transcription_id=self.id,
                call_id=32 * "a",
                at=now,
                provider=provider,
                language="en-GB",
                duration_s=5.0,
                callback=Target("http://app.example/words"),
            ),
        )

    def transcriber(self, *recognisers: FakeRecogniser) -> Transcriber:
        """Whoever does the work, with those that can be asked, in order."""
        queue = TranscriptionQueue(
            self.database, lambda task, row: transcription_request(task, row, "https://voice.example")
        )
        there = {recogniser.name: recogniser for recogniser in recognisers}
        return Transcriber(queue, there, self.folder, order=tuple(there), poke=self._poke, speed=QUICK)

    def row(self) -> TranscriptionRow:
        """What is known of it."""
        row = Transcriptions(self.database).get(self.account.sid, self.id)
        assert row is not None
        return row

    def told(self) -> list[dict[str, str]]:
        """The callbacks that wait."""
        with self.database.reading() as connection:
            return [dict(row.parameters) for row in connection.execute(select(outbox))]

    def _poke(self) -> None:
        self.pokes += 1


@pytest.fixture
def desk(database: Database, account: AccountRow, tmp_path: Path) -> Desk:
    return Desk(database, account, tmp_path / "recordings")


class TestStretches:
    def test_a_recording_is_cut_where_nobody_speaks(self, tmp_path: Path) -> None:
        path = keep_sound(tmp_path / "x.wav", 3, 2, 3, 1, 10)
        lengths = [len(stretch) * FRAME_S for stretch in stretches(path)]
        # Half a second before and two after are heard with each.
        assert lengths == [pytest.approx(4.5, abs=0.3), pytest.approx(3.5, abs=0.3)]

    def test_no_stretch_is_longer_than_finds_room(self, tmp_path: Path) -> None:
        path = keep_sound(tmp_path / "x.wav", 1, 60)
        lengths = [len(stretch) * FRAME_S for stretch in stretches(path)]
        assert max(lengths) <= 25.0
        assert sum(lengths) == pytest.approx(60.5, abs=0.5)

    def test_silence_is_no_stretch(self, tmp_path: Path) -> None:
        assert list(stretches(keep_sound(tmp_path / "x.wav", 20))) == []


class TestTranscriber:
    async def test_the_words_of_all_stretches_are_kept_and_told(self, desk: Desk) -> None:
        desk.ask(1, 2, 3, 2)
        recogniser = FakeRecogniser.that_hears("hello", "world")
        assert await desk.transcriber(recogniser).do_one()
        row = desk.row()
        assert (row.status, row.text, row.reason) == (
            TranscriptionStatus.COMPLETED,
            "hello world hello world",
            "",
        )
        [told] = desk.told()
        assert (told["TranscriptionText"], told["TranscriptionStatus"]) == (row.text, "completed")
        assert desk.pokes == 1
        assert {options.language for options in recogniser.asked} == {"en-GB"}
        assert not await desk.transcriber(recogniser).do_one()

    async def test_a_recogniser_without_a_model_for_free_speech_is_not_asked(self, desk: Desk) -> None:
        desk.ask(1, 2)
        recogniser = FakeRecogniser.that_hears("nothing")
        recogniser.capabilities = RecogniserCapabilities(partials=True, free_speech=False, finds_end=False)
        await desk.transcriber(recogniser).do_one()
        assert desk.row().status is TranscriptionStatus.FAILED
        assert desk.row().reason.startswith("needs_model")
        assert desk.told()[0]["TranscriptionStatus"] == "failed"
        assert recogniser.asked == []

    async def test_a_recogniser_that_refuses_is_told(self, desk: Desk) -> None:
        desk.ask(1, 2)
        failure = SpeechFailed(FailureKind.NEEDS_MODEL, "no model for en-GB")
        await desk.transcriber(FakeRecogniser(events=((0.0, failure),))).do_one()
        assert desk.row().reason == "needs_model: no model for en-GB"

    async def test_where_one_fails_the_next_that_can_is_asked_from_there_on(self, desk: Desk) -> None:
        desk.ask(1, 2, 3, 2)
        refuses = FakeRecogniser(fails=(5, SpeechFailed(FailureKind.BROKEN, "status 401", retryable=True)))
        menus = FakeRecogniser(name="menus", free_speech=False)
        understands = FakeRecogniser(name="other", at_finish=(Final("hello"),))
        await desk.transcriber(refuses, menus, understands).do_one()
        assert (desk.row().status, desk.row().text) == (TranscriptionStatus.COMPLETED, "hello hello")
        assert (len(refuses.asked), len(menus.asked), len(understands.asked)) == (1, 0, 2)

    async def test_where_the_chosen_one_is_gone_another_is_asked(self, desk: Desk) -> None:
        desk.ask(1, 2, provider="gone")
        await desk.transcriber(FakeRecogniser.that_hears("hello")).do_one()
        assert desk.row().text == "hello"

    async def test_a_recording_that_is_gone_is_told(self, desk: Desk) -> None:
        desk.ask()
        await desk.transcriber(FakeRecogniser.that_hears("x")).do_one()
        assert desk.row().status is TranscriptionStatus.FAILED
        assert desk.row().reason.startswith("the recording is not there")

    async def test_where_nobody_is_there_any_more_that_is_told(self, desk: Desk) -> None:
        desk.ask(1, 2, provider="gone")
        await desk.transcriber().do_one()
        assert desk.row().reason == "there is no recogniser 'gone' any more"

    async def test_one_that_was_put_off_for_a_day_is_given_up(self, desk: Desk) -> None:
        desk.ask(1, 2)
        with desk.database.writing() as connection:
            connection.execute(update(transcriptions).values(date_created=story.NOON.replace(year=2025)))
        await desk.transcriber(FakeRecogniser.that_hears("x")).do_one()
        assert desk.row().reason.startswith("given_up")

    async def test_one_whose_taker_is_stopped_is_taken_again_at_once_and_told_once(self, desk: Desk) -> None:
        desk.ask(1, 2)
        patient = PatientRecogniser()
        stopped = asyncio.create_task(desk.transcriber(patient).do_one())
        async with asyncio.timeout(30):
            await patient.listens.wait()
        stopped.cancel()
        await asyncio.wait((stopped,))
        assert desk.told() == []
        assert await desk.transcriber(FakeRecogniser.that_hears("hello")).do_one()
        assert [told["TranscriptionText"] for told in desk.told()] == ["hello"]
