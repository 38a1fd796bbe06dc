"""Recogniser processes die and stand still in the middle of utterances; the caller is understood all the same."""

import asyncio
import itertools
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    RecogniserOptions,
    SpeechEnded,
    SpeechEvent,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.embedded.recogniser import EmbeddedRecogniser
from offhook.vendors.embedded.recognition import MOST_LOSSES, EmbeddedRecognition
from tests.speech_audio import caller_says, frames
from tests.vendors.speech_process import START_S, SpeechProcess, dying_process, speech_process

DEADLINE_S = 60.0
MENU = RecogniserOptions(hints=("Report a lost card", "Report a stolen car", "Opening Hours"), partials=True)
SAID = "report a lost card"
SILENCE = bytes(16_000)


async def send(recognition: EmbeddedRecognition, pcm: bytes) -> None:
    for frame in frames(pcm):
        recognition.send(frame)
        while recognition.frames_waiting:  # noqa: ASYNC110  # faster than live, never faster than it is taken
            await asyncio.sleep(0)


async def until_first(recognition: EmbeddedRecognition, kind: type[SpeechEvent]) -> list[SpeechEvent]:
    """The events until one of a kind."""
    seen: list[SpeechEvent] = []
    async for event in recognition:
        seen.append(event)
        if isinstance(event, kind):
            break
    return seen


def halves(pcm: bytes) -> tuple[bytes, bytes]:
    cut = len(pcm) // 640 * 320
    return pcm[:cut], pcm[cut:]


def is_what_was_said(events: list[SpeechEvent]) -> bool:
    """Whether these are the events of one utterance that no process died over."""
    assert [type(event) for event in events if not isinstance(event, Partial)] == [
        SpeechStarted,
        Final,
        SpeechEnded,
    ]
    partials = [event.text for event in events if isinstance(event, Partial)]
    assert len(set(partials)) == len(partials), partials
    assert all(later.startswith(earlier) for earlier, later in itertools.pairwise(partials)), partials
    [final] = [event for event in events if isinstance(event, Final)]
    return final.text.lower() == SAID


@contextmanager
def two_processes(path: Path, *arguments: str) -> Iterator[tuple[SpeechProcess, SpeechProcess]]:
    """A block with two recogniser processes; the first is killed at its end, so that it may stand still."""
    names = path.with_suffix(".1"), path.with_suffix(".2")
    with speech_process("recogniser", names[0], *arguments) as first:
        try:
            with speech_process("recogniser", names[1], *arguments) as second:
                yield first, second
        finally:
            first.kill()


async def test_the_process_started_again_hears_what_was_said_before(socket_folder: Path) -> None:
    path = socket_folder / "again"
    before, after = halves(caller_says(SAID, speaker="Alex"))
    recogniser = EmbeddedRecogniser((path,), return_s=START_S)
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
        with speech_process("recogniser", path) as first:
            await send(recognition, before)
            seen = await until_first(recognition, Partial)
            first.kill()
        for frame in frames(after + SILENCE):
            recognition.send(frame)
        with speech_process("recogniser", path):
            seen += await until_first(recognition, Partial)
            recognition.finish()
            seen += [event async for event in recognition]
    assert is_what_was_said(seen)


async def test_what_was_finished_before_the_loss_is_understood_after_it(socket_folder: Path) -> None:
    path = socket_folder / "finished"
    recogniser = EmbeddedRecogniser((path,), return_s=START_S)
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
        with speech_process("recogniser", path) as first:
            first.freeze()
            for frame in frames(caller_says(SAID, speaker="Alex")):
                recognition.send(frame)
            recognition.finish()
            while recognition.frames_waiting:  # noqa: ASYNC110
                await asyncio.sleep(0)
            first.kill()
        with speech_process("recogniser", path):
            seen = [event async for event in recognition]
    assert is_what_was_said(seen)


async def test_a_listener_who_comes_while_the_process_is_away_is_heard(socket_folder: Path) -> None:
    path = socket_folder / "away"
    recogniser = EmbeddedRecogniser((path,), return_s=START_S)
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
        for frame in frames(caller_says(SAID, speaker="Alex")):
            recognition.send(frame)
        recognition.finish()
        with speech_process("recogniser", path):
            assert is_what_was_said([event async for event in recognition])


@pytest.mark.parametrize("harm", [SpeechProcess.kill, SpeechProcess.freeze])
async def test_another_process_hears_on_when_one_dies_or_stands_still(
    socket_folder: Path, harm: Callable[[SpeechProcess], None]
) -> None:
    before, after = halves(caller_says(SAID, speaker="Alex"))
    with two_processes(socket_folder / harm.__name__) as (first, second):
        recogniser = EmbeddedRecogniser((first.path, second.path))
        async with asyncio.timeout(DEADLINE_S):
            async with recogniser.listen(MENU) as recognition:
                await send(recognition, before)
                seen = await until_first(recognition, Partial)
                harm(first)
                for frame in frames(after):
                    recognition.send(frame)
                recognition.finish()
                seen += [event async for event in recognition]
            assert is_what_was_said(seen)
            # Who comes next is not given to the one that was left.
            with capture_logs() as told:
                async with recogniser.listen(MENU) as recognition:
                    await send(recognition, before + after)
                    recognition.finish()
                    assert is_what_was_said([event async for event in recognition])
            assert not [line for line in told if line["event"] == "recogniser.left"]


async def test_the_only_process_standing_still_is_waited_for_and_then_given_up(socket_folder: Path) -> None:
    with speech_process("recogniser", socket_folder / "still") as process:
        recogniser = EmbeddedRecogniser((process.path,), return_s=0.5)
        async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
            await send(recognition, caller_says(SAID, speaker="Alex"))
            await until_first(recognition, SpeechStarted)
            process.freeze()
            recognition.finish()
            *_, failed = [event async for event in recognition]
        process.kill()
    assert failed == SpeechFailed(
        FailureKind.BROKEN, "the recogniser process does not answer", retryable=True
    )


async def test_a_process_that_stands_still_for_a_moment_loses_nothing(socket_folder: Path) -> None:
    before, after = halves(caller_says(SAID, speaker="Alex"))
    with speech_process("recogniser", socket_folder / "pausing") as process:
        recogniser = EmbeddedRecogniser((process.path,), return_s=START_S)
        async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
            await send(recognition, before)
            seen = await until_first(recognition, Partial)
            process.freeze()
            for frame in frames(after):
                recognition.send(frame)
            recognition.finish()
            with capture_logs() as told:
                while not told:  # noqa: ASYNC110
                    await asyncio.sleep(0.01)
            process.go_on()
            seen += [event async for event in recognition]
    assert [line["event"] for line in told] == ["recogniser.does_not_answer"]
    assert is_what_was_said(seen)


async def test_a_process_that_does_not_come_back_ends_the_utterance(socket_folder: Path) -> None:
    with speech_process("recogniser", socket_folder / "gone") as process:
        recogniser = EmbeddedRecogniser((process.path,), return_s=0.3)
        async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
            await send(recognition, caller_says(SAID, speaker="Alex"))
            await until_first(recognition, SpeechStarted)
            process.kill()
            recognition.send(bytes(320))
            *_, failed = [event async for event in recognition]
            recognition.send(bytes(320))
            recognition.finish()
    assert failed == SpeechFailed(FailureKind.BROKEN, "no recogniser process is there", retryable=True)


async def test_an_utterance_that_processes_die_of_is_given_up(socket_folder: Path) -> None:
    async with dying_process(socket_folder / "deadly") as dying:
        recogniser = EmbeddedRecogniser((dying.path,))
        async with asyncio.timeout(DEADLINE_S), recogniser.listen(MENU) as recognition:
            [failed] = [event async for event in recognition]
        assert dying.deaths == MOST_LOSSES
    assert isinstance(failed, SpeechFailed)
    assert "died while it listened" in failed.detail


async def test_where_one_process_is_full_another_is_asked(socket_folder: Path) -> None:
    with two_processes(socket_folder / "full", "--decoders", "1") as (first, second):
        full = EmbeddedRecogniser((first.path,))
        free = EmbeddedRecogniser((first.path, second.path))
        pcm = caller_says(SAID, speaker="Alex")
        async with asyncio.timeout(DEADLINE_S), full.listen(MENU) as holding:
            await send(holding, pcm)
            await until_first(holding, SpeechStarted)
            async with free.listen(MENU) as recognition:
                await send(recognition, pcm)
                recognition.finish()
                assert is_what_was_said([event async for event in recognition])


async def test_leaving_while_no_process_is_there_leaves_nothing_behind(socket_folder: Path) -> None:
    recogniser = EmbeddedRecogniser((socket_folder / "never",), return_s=START_S)
    tasks = asyncio.all_tasks()
    async with recogniser.listen(MENU) as recognition:
        recognition.send(bytes(320))
        await asyncio.sleep(0.1)
    assert asyncio.all_tasks() == tasks
