"""The embedded recogniser in a process of its own, hearing synthetic callers over a telephone line."""

import asyncio
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

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
from offhook.vendors.embedded.recognition import EmbeddedRecognition
from tests.speech_audio import caller_says, frames
from tests.vendors.speech_process import SpeechProcess, speech_process

DEADLINE_S = 20.0
DEPARTMENTS = ("Sales", "Support", "Billing")


async def heard(
    recogniser: EmbeddedRecogniser,
    pcm: bytes,
    hints: Iterable[str] = (),
    *,
    language: str = "en-US",
    partials: bool = False,
) -> list[SpeechEvent]:
    """All events of one utterance, its audio sent as fast as it is taken."""
    async with listening(recogniser, hints, language=language, partials=partials) as recognition:
        await send(recognition, pcm)
        recognition.finish()
        return [event async for event in recognition]


@asynccontextmanager
async def listening(
    recogniser: EmbeddedRecogniser, hints: Iterable[str], *, language: str = "en-US", partials: bool = False
) -> AsyncIterator[EmbeddedRecognition]:
    options = RecogniserOptions(language=language, hints=tuple(hints), partials=partials)
    async with asyncio.timeout(DEADLINE_S), recogniser.listen(options) as recognition:
        yield recognition


async def send(recognition: EmbeddedRecognition, pcm: bytes) -> None:
    for frame in frames(pcm):
        recognition.send(frame)
        while recognition.frames_waiting:  # noqa: ASYNC110  # faster than live, never faster than it is taken
            await asyncio.sleep(0)


def words(events: list[SpeechEvent]) -> list[str]:
    return [event.text for event in events if isinstance(event, Final)]


class TestMenus:
    @pytest.mark.parametrize(
        ("menu", "said"),
        [
            (DEPARTMENTS, "support"),
            (DEPARTMENTS, "billing"),
            (("Sales", "Support"), "sales"),
            (("yes", "no"), "yes"),
            (("yes", "no"), "no"),
            (("one", "two", "three"), "two"),
            (("one", "two", "three"), "three"),
            (("account balance", "transfer money", "report a lost card", "opening hours"), "opening hours"),
            (("account balance", "transfer money", "report a lost card", "opening hours"), "account balance"),
        ],
    )
    @pytest.mark.parametrize("speaker", ["Alex", "edward"])
    async def test_a_phrase_of_the_menu_is_understood(
        self, recogniser: EmbeddedRecogniser, menu: tuple[str, ...], said: str, speaker: str
    ) -> None:
        events = await heard(recogniser, caller_says(said, speaker=speaker), menu)
        (final, ended) = (event for event in events if not isinstance(event, SpeechStarted))
        assert isinstance(final, Final)
        assert final.text.lower() == said
        assert final.confidence is not None
        assert 0.2 <= final.confidence <= 1
        assert ended == SpeechEnded()

    async def test_figures_and_spelling_come_back_as_the_application_wrote_them(
        self, recogniser: EmbeddedRecogniser
    ) -> None:
        menu = ("24/7 Support!", "Account-Balance", "Opening Hours")
        assert words(await heard(recogniser, caller_says("account balance"), menu)) == ["Account-Balance"]
        assert words(await heard(recogniser, caller_says("twenty four seven support"), menu)) == [
            "24/7 Support!"
        ]

    async def test_a_class_token_takes_a_string_of_digits(self, recogniser: EmbeddedRecogniser) -> None:
        menu = ("my number is $DIGITS", "help")
        pcm = caller_says("my number is four two one", speaker="Alex")
        assert words(await heard(recogniser, pcm, menu)) == ["my number is 421"]

    async def test_words_that_no_dictionary_has_can_be_hints(self, recogniser: EmbeddedRecogniser) -> None:
        menu = ("Restcomm", "Quoxalidor", "Sales")
        assert words(await heard(recogniser, caller_says("quoxalidor"), menu)) == ["Quoxalidor"]

    async def test_an_utterance_does_not_depend_on_those_before(self, recogniser: EmbeddedRecogniser) -> None:
        pcm = caller_says("support")
        first = await heard(recogniser, pcm, DEPARTMENTS)
        for said in ("opening hours", "billing", "what a lovely day it is"):
            await heard(recogniser, caller_says(said), ("opening hours", "billing", "no"))
        again = await heard(recogniser, pcm, DEPARTMENTS)
        assert words(again) == words(first) == ["Support"]
        (before,), (after,) = (
            [event.confidence for event in events if isinstance(event, Final)] for events in (first, again)
        )
        assert after == pytest.approx(before, abs=0.01)

    async def test_a_long_silence_before_and_in_between_does_no_harm(
        self, recogniser: EmbeddedRecogniser
    ) -> None:
        pcm = caller_says("support", silence_s=8.0)
        assert words(await heard(recogniser, pcm, DEPARTMENTS)) == ["Support"]


class TestRejection:
    @pytest.mark.parametrize("said", ["what time is it", "i would like to order a pizza", "banana"])
    async def test_what_is_not_on_the_menu_is_not_understood(
        self, recogniser: EmbeddedRecogniser, said: str
    ) -> None:
        events = await heard(recogniser, caller_says(said, speaker="Alex"), ("Sales", "Billing"))
        assert words(events) == []
        assert events[-1] == SpeechEnded()

    @pytest.mark.parametrize("pcm", [b"", bytes(320), bytes(32_000)])
    async def test_silence_is_no_speech(self, recogniser: EmbeddedRecogniser, pcm: bytes) -> None:
        assert await heard(recogniser, pcm, DEPARTMENTS, partials=True) == [SpeechEnded()]

    @pytest.mark.parametrize("hints", [(), ("",), ("...", "你好")])
    async def test_without_a_hint_that_can_be_said_there_is_no_model(
        self, recogniser: EmbeddedRecogniser, hints: tuple[str, ...]
    ) -> None:
        (failed,) = await heard(recogniser, caller_says("sales"), hints)
        assert isinstance(failed, SpeechFailed)
        assert (failed.kind, failed.retryable) == (FailureKind.NEEDS_MODEL, False)
        assert "hints" in failed.detail

    @pytest.mark.parametrize("language", ["fr-FR", "de", "zh_CN", ""])
    async def test_other_languages_than_english_have_no_model(
        self, recogniser: EmbeddedRecogniser, language: str
    ) -> None:
        (failed,) = await heard(recogniser, caller_says("sales"), ("ventes", "oui"), language=language)
        assert isinstance(failed, SpeechFailed)
        assert failed.kind is FailureKind.NEEDS_MODEL
        assert repr(language) in failed.detail

    async def test_too_many_hints_are_refused(self, recogniser: EmbeddedRecogniser) -> None:
        hints = [f"choice {number}" for number in range(600)]
        (failed,) = await heard(recogniser, caller_says("sales"), hints)
        assert isinstance(failed, SpeechFailed)
        assert (failed.kind, failed.retryable) == (FailureKind.BAD_REQUEST, False)
        assert failed.detail == "600 hints were given; at most 500 are taken"

    async def test_as_many_hints_as_are_allowed_are_heard(self, recogniser: EmbeddedRecogniser) -> None:
        hints = [*(f"department {number}" for number in range(499)), "opening hours"]
        assert words(await heard(recogniser, caller_says("opening hours"), hints)) == ["opening hours"]


class TestPartials:
    MENU = ("Report a lost card", "Report a stolen car", "Opening Hours")

    async def test_partials_are_beginnings_of_hints_while_the_caller_speaks(
        self, recogniser: EmbeddedRecogniser
    ) -> None:
        pcm = caller_says("report a lost card", speaker="Alex")
        async with listening(recogniser, self.MENU, partials=True) as recognition:
            await send(recognition, pcm)
            seen: list[SpeechEvent] = []
            async for event in recognition:
                seen.append(event)
                if event == Partial("Report a lost card"):
                    recognition.finish()
        partials = [event.text for event in seen if isinstance(event, Partial)]
        assert seen[0] == SpeechStarted()
        assert partials
        assert all(any(hint.startswith(text) for hint in self.MENU) for text in partials)
        assert words(seen) == ["Report a lost card"]

    async def test_unasked_none_come(self, recogniser: EmbeddedRecogniser) -> None:
        events = await heard(recogniser, caller_says("opening hours"), self.MENU)
        assert [type(event) for event in events] == [SpeechStarted, Final, SpeechEnded]


class TestProcesses:
    async def test_ten_callers_are_heard_at_once(self, recogniser: EmbeddedRecogniser) -> None:
        said = [("support", "billing")[number % 2] for number in range(10)]
        async with asyncio.TaskGroup() as tasks:
            hearing = [
                tasks.create_task(
                    heard(recogniser, caller_says(word, speaker="Alex"), ("Support", "Billing"))
                )
                for word in said
            ]
        assert [words(task.result()) for task in hearing] == [[word.title()] for word in said]

    async def test_when_all_decoders_are_busy_another_try_may_go_well(self, socket_folder: Path) -> None:
        with speech_process("recogniser", socket_folder / "two", "--decoders", "2") as process:
            recogniser = EmbeddedRecogniser((process.path,))
            async with (
                speaking(recogniser) as _,
                speaking(recogniser) as _,
                listening(recogniser, DEPARTMENTS) as third,
            ):
                (failed,) = [event async for event in third]
            assert failed == SpeechFailed(FailureKind.BROKEN, "all 2 decoders are busy", retryable=True)

    async def test_leaving_early_frees_the_decoder(self, socket_folder: Path) -> None:
        with speech_process("recogniser", socket_folder / "one", "--decoders", "1") as process:
            recogniser = EmbeddedRecogniser((process.path,))
            for _ in range(3):
                async with speaking(recogniser):
                    pass
                # The process learns of it from the closed connection, a moment later.
                events = await heard(recogniser, caller_says("support"), DEPARTMENTS)
                while isinstance(events[0], SpeechFailed):
                    assert events[0].retryable
                    events = await heard(recogniser, caller_says("support"), DEPARTMENTS)
                assert words(events) == ["Support"]

    async def test_a_process_that_is_not_there_is_told_as_an_event(self, socket_folder: Path) -> None:
        recogniser = EmbeddedRecogniser((socket_folder / "nobody",), return_s=0.2)
        (failed,) = await heard(recogniser, caller_says("sales"), DEPARTMENTS)
        assert failed == SpeechFailed(FailureKind.BROKEN, "no recogniser process is there", retryable=True)

    async def test_a_process_that_lives_stands_in_for_one_that_does_not(
        self, recogniser_process: SpeechProcess, socket_folder: Path
    ) -> None:
        recogniser = EmbeddedRecogniser((socket_folder / "nobody", recogniser_process.path))
        for _ in range(2):
            assert words(await heard(recogniser, caller_says("support"), DEPARTMENTS)) == ["Support"]

    async def test_the_least_busy_process_is_asked(
        self, recogniser_process: SpeechProcess, socket_folder: Path
    ) -> None:
        with speech_process("recogniser", socket_folder / "other", "--decoders", "1") as other:
            recogniser = EmbeddedRecogniser((other.path, recogniser_process.path))
            async with speaking(recogniser), speaking(recogniser):
                pass

    async def test_what_the_block_raises_comes_out_as_it_is(self, recogniser: EmbeddedRecogniser) -> None:
        with pytest.raises(ZeroDivisionError):
            async with listening(recogniser, DEPARTMENTS):
                raise ZeroDivisionError


class TestFreeSpeech:
    async def test_where_it_is_allowed_english_without_hints_is_tried(self, socket_folder: Path) -> None:
        with speech_process("recogniser", socket_folder / "free", "--free-speech") as process:
            recogniser = EmbeddedRecogniser((process.path,), understands_free_speech=True)
            assert recogniser.capabilities.free_speech
            events = await heard(recogniser, caller_says("good morning, how are you today", speaker="Alex"))
            assert isinstance(events[-1], SpeechEnded)
            assert all(isinstance(event, SpeechStarted | Final | SpeechEnded) for event in events)
            with_hints = await heard(recogniser, caller_says("support"), DEPARTMENTS)
            assert words(with_hints) == ["Support"]


@asynccontextmanager
async def speaking(recogniser: EmbeddedRecogniser) -> AsyncIterator[EmbeddedRecognition]:
    """A block in which somebody is being heard, and holds a decoder."""
    async with listening(recogniser, DEPARTMENTS) as recognition:
        await send(recognition, caller_says("support"))
        async for event in recognition:
            assert isinstance(event, SpeechStarted), event
            break
        yield recognition
