"""The embedded voice in a process of its own."""

import asyncio
from contextlib import aclosing
from pathlib import Path

import numpy as np
import pytest
from structlog.testing import capture_logs

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ, duration_s
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.voice import EmbeddedVoice
from tests.vendors.speech_process import START_S, SpeechProcess, dying_process, speech_process

DEADLINE_S = 30.0
SENTENCE = "Thank you for calling. "


async def spoken(voice: EmbeddedVoice, text: str, language: str = "en", speaker: str = "") -> bytes:
    options = VoiceOptions(language=language, voice=speaker)
    async with asyncio.timeout(DEADLINE_S):
        return b"".join([piece async for piece in voice.speak(text, options)])


async def test_the_longer_a_text_the_longer_it_lasts(voice: EmbeddedVoice) -> None:
    durations = [duration_s(await spoken(voice, SENTENCE * count)) for count in (1, 2, 8)]
    assert 1.0 < durations[0] < 3.0
    assert durations[1] == pytest.approx(2 * durations[0], rel=0.1)
    assert durations[2] == pytest.approx(8 * durations[0], rel=0.1)


async def test_the_rate_is_what_it_was_set_to(voice_process: SpeechProcess) -> None:
    slow, fast = [
        duration_s(await spoken(EmbeddedVoice(voice_process.path, words_per_minute=rate), SENTENCE * 5))
        for rate in (100, 200)
    ]
    assert slow > 1.5 * fast


@pytest.mark.parametrize("speaker", ["man", "woman"])
@pytest.mark.parametrize("language", ["en", "fr", "de", "ja", "zh-cn", "ar"])
async def test_it_is_as_loud_as_telephones_like_it(voice: EmbeddedVoice, language: str, speaker: str) -> None:
    """ITU-T P.56 speaks of active speech; here the louder half of the frames stands for it.

    The library makes its fricatives of random noise, so a peak may clip now and then: never one in a thousand.
    """
    samples = np.frombuffer(await spoken(voice, "1, 2, 3, 4, 5, 6, 7, 8, 9.", language, speaker), "<i2")
    frames = samples[: len(samples) // 160 * 160].reshape(-1, 160).astype(np.float64)
    powers = np.sort((frames**2).mean(axis=1))
    level_db = 10 * np.log10(powers[len(powers) // 2 :].mean() / 32768**2)
    assert -26 < level_db < -12
    assert np.count_nonzero(np.abs(samples.astype(np.int32)) >= 32767) < len(samples) / 1000


@pytest.mark.parametrize("text", ["", " ", "\n\t ", "\u200b"])
async def test_a_text_without_words_makes_no_sound(voice: EmbeddedVoice, text: str) -> None:
    samples = np.frombuffer(await spoken(voice, text), "<i2")
    assert len(samples) < SAMPLE_RATE_HZ / 2
    assert not np.any(np.abs(samples) > 100)


@pytest.mark.parametrize(
    "text",
    [
        "🎉 👍🏽 🇫🇷",
        "<speak><break time='10s'/></speak>",
        "fish & chips < 5 > 3",
        "[[h@l'oU]] {} \\ % ^",
        "مرحبا بالعالم",
        "שלום",
        "\x01\x02200s\x00\x1b[31m control",
        "\ud800 lone surrogate",
        "\u202eright to left",
        "z" * 500,
        "!" * 300,
        "１２３ ①②③ ㊙",
    ],
)
async def test_any_text_is_spoken_as_it_stands(voice: EmbeddedVoice, text: str) -> None:
    assert duration_s(await spoken(voice, text)) > 0.2


async def test_a_text_of_10_kb_is_spoken_to_its_end(voice: EmbeddedVoice) -> None:
    text = SENTENCE * (10_000 // len(SENTENCE))
    one = duration_s(await spoken(voice, SENTENCE))
    assert duration_s(await spoken(voice, text)) == pytest.approx(one * (10_000 // len(SENTENCE)), rel=0.1)


async def test_a_text_beyond_all_measure_is_refused(voice: EmbeddedVoice) -> None:
    with pytest.raises(ProviderError, match="a text of 100001 characters was given") as refused:
        await spoken(voice, "a" * 100_001)
    assert not refused.value.retryable


async def test_markup_in_the_text_pauses_nothing(voice: EmbeddedVoice) -> None:
    plain = duration_s(await spoken(voice, "break time equals ten seconds"))
    assert duration_s(await spoken(voice, "<break time='10s'/>")) < 3 * plain


async def test_what_is_unknown_is_spoken_in_english_by_the_usual_speaker(voice: EmbeddedVoice) -> None:
    english = duration_s(await spoken(voice, SENTENCE))
    with capture_logs() as told:
        assert duration_s(await spoken(voice, SENTENCE, "tlh", "Polly.Joanna")) == pytest.approx(
            english, rel=0.05
        )
    assert [line["event"] for line in told] == ["voice.language_unknown", "voice.speaker_unknown"]


async def test_leaving_in_the_middle_stops_the_process_for_the_next_one(voice: EmbeddedVoice) -> None:
    for _ in range(5):
        async with (
            asyncio.timeout(DEADLINE_S),
            aclosing(voice.speak(SENTENCE * 4000, VoiceOptions())) as pieces,
        ):
            assert await anext(pieces)
    assert await spoken(voice, SENTENCE)


async def test_cancelling_stops_it(voice: EmbeddedVoice) -> None:
    begun = asyncio.Event()

    async def speak_on() -> None:
        async for _ in voice.speak(SENTENCE * 4000, VoiceOptions()):
            begun.set()

    async with asyncio.timeout(DEADLINE_S):
        speaking = asyncio.create_task(speak_on())
        await begun.wait()
        speaking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await speaking
    assert await spoken(voice, SENTENCE)


async def test_a_long_text_does_not_keep_a_short_one_waiting(voice: EmbeddedVoice) -> None:
    async with (
        asyncio.timeout(DEADLINE_S),
        aclosing(voice.speak(SENTENCE * 4000, VoiceOptions())) as long_one,
    ):
        assert await anext(long_one)
        assert await spoken(voice, SENTENCE)


async def test_many_speak_at_once(voice: EmbeddedVoice) -> None:
    async with asyncio.TaskGroup() as tasks:
        speaking = [
            tasks.create_task(spoken(voice, SENTENCE * 3, language))
            for language in ("en", "fr", "de", "es") * 4
        ]
    assert all(duration_s(task.result()) > 3 for task in speaking)


async def test_the_next_process_speaks_what_the_one_that_died_did_not(socket_folder: Path) -> None:
    text, path = SENTENCE * 400, socket_folder / "dying-voice"
    voice = EmbeddedVoice(path, return_s=START_S)
    said = bytearray()
    async with asyncio.timeout(DEADLINE_S), aclosing(voice.speak(text, VoiceOptions())) as pieces:
        with speech_process("voice", path) as first:
            whole = duration_s(await spoken(voice, text))
            for _ in range(3):
                said += await anext(pieces)
            first.kill()
        with speech_process("voice", path):
            async for piece in pieces:
                said += piece
    assert duration_s(bytes(said)) == pytest.approx(whole, rel=0.01)


async def test_a_voice_that_is_away_for_a_moment_is_waited_for(socket_folder: Path) -> None:
    path = socket_folder / "late-voice"
    speaking = asyncio.create_task(spoken(EmbeddedVoice(path, return_s=START_S), SENTENCE))
    await asyncio.sleep(0.1)
    with speech_process("voice", path):
        assert duration_s(await speaking) > 1


async def test_a_text_that_processes_die_of_is_given_up(socket_folder: Path) -> None:
    async with dying_process(socket_folder / "deadly-text") as dying:
        with pytest.raises(ProviderError, match="died") as died:
            await spoken(EmbeddedVoice(dying.path), SENTENCE)
        assert died.value.retryable
        assert dying.deaths == 2


async def test_a_process_that_does_not_come_back_is_an_error(socket_folder: Path) -> None:
    with pytest.raises(ProviderError, match="not there") as missing:
        await spoken(EmbeddedVoice(socket_folder / "nobody", return_s=0.2), SENTENCE)
    assert missing.value.retryable
