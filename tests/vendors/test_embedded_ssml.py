"""The embedded voice speaks SSML, and its man and woman are two."""

import asyncio

import numpy as np
import pytest

from offhook.speech.pcm import SAMPLE_RATE_HZ, duration_s
from offhook.speech.ssml import clean
from offhook.speech.voice import VoiceOptions
from offhook.vendors.embedded.speaking import PIECE_CHARACTERS
from offhook.vendors.embedded.ssml_pieces import ssml_pieces
from offhook.vendors.embedded.voice import EmbeddedVoice

DEADLINE_S = 30.0


async def spoken(voice: EmbeddedVoice, text: str, *, is_ssml: bool = True, speaker: str = "") -> bytes:
    options = VoiceOptions(language="en", voice=speaker, is_ssml=is_ssml)
    async with asyncio.timeout(DEADLINE_S):
        return b"".join([piece async for piece in voice.speak(text, options)])


async def test_a_pause_lasts_as_long_as_it_says(voice: EmbeddedVoice) -> None:
    plain = duration_s(await spoken(voice, "<speak>Hello there my friend.</speak>"))
    paused = duration_s(await spoken(voice, '<speak>Hello <break time="3s"/> there my friend.</speak>'))
    assert paused - plain == pytest.approx(3.0, abs=0.4)


async def test_slow_speech_is_slower_and_digits_are_told_one_by_one(voice: EmbeddedVoice) -> None:
    sentence = "Hello there my friend."
    plain = duration_s(await spoken(voice, sentence, is_ssml=False))
    slow = duration_s(await spoken(voice, f'<speak><prosody rate="50%">{sentence}</prosody></speak>'))
    assert slow > 1.5 * plain
    whole = await spoken(voice, "7421", is_ssml=False)
    digits = await spoken(voice, '<speak><say-as interpret-as="digits">7421</say-as></speak>')
    assert duration_s(digits) < 0.8 * duration_s(whole)


async def test_a_long_document_is_spoken_to_its_end(voice: EmbeddedVoice) -> None:
    sentence = "Thank you for calling. "
    one = duration_s(await spoken(voice, sentence, is_ssml=False))
    markup = clean(f"<speak><emphasis>{sentence * 100}</emphasis> bye</speak>").markup
    assert duration_s(await spoken(voice, markup)) > 80 * one


async def test_man_and_woman_have_the_pitch_of_a_man_and_a_woman(voice: EmbeddedVoice) -> None:
    pitches = []
    for speaker in ("man", "woman"):
        pcm = await spoken(voice, "Hello there, how are you today?", is_ssml=False, speaker=speaker)
        pitches.append(_pitch_hz(np.frombuffer(pcm, "<i2").astype(np.float64)))
    assert 70 < pitches[0] < 140
    assert 160 < pitches[1] < 260


def _pitch_hz(samples: np.ndarray) -> float:
    """The middle of the pitches of the voiced frames, each by its autocorrelation."""
    found = []
    for start in range(0, len(samples) - 512, 256):
        frame = samples[start : start + 512] - samples[start : start + 512].mean()
        alike = np.correlate(frame, frame, "full")[511:]
        lags = slice(SAMPLE_RATE_HZ // 400, SAMPLE_RATE_HZ // 60)
        lag = lags.start + int(np.argmax(alike[lags]))
        if alike[0] > 512 * 1e5 and alike[lag] > 0.5 * alike[0]:
            found.append(SAMPLE_RATE_HZ / lag)
    return float(np.median(found))


def test_pieces_carry_their_marks_and_their_language() -> None:
    words = "One two three. " * 60
    markup = f'<speak>Say <prosody rate="slow">{words}<lang xml:lang="fr-FR">oui</lang></prosody></speak>'
    pieces = ssml_pieces(markup, "en")
    assert [language for language, _ in pieces] == ["en"] * (len(pieces) - 1) + ["fr-FR"]
    assert pieces[0] == ("en", '<speak>Say <prosody rate="slow"></prosody></speak>')
    assert pieces[-1][1] == '<speak><prosody rate="slow">oui</prosody></speak>'
    assert all(len(piece) < PIECE_CHARACTERS + 60 for _, piece in pieces)
    assert sum(piece.count("One two three.") for _, piece in pieces) == 60


def test_what_the_library_cannot_read_is_told_in_words() -> None:
    markup = (
        '<speak><say-as interpret-as="date" format="mdy">10-19-2016</say-as> '
        '<say-as interpret-as="digits">42</say-as></speak>'
    )
    [(_, english)] = ssml_pieces(markup, "en-US")
    assert english == (
        '<speak>October nineteenth two thousand sixteen <say-as interpret-as="characters">42</say-as></speak>'
    )
    [(_, german)] = ssml_pieces(markup, "de-DE")
    assert "10-19-2016" in german


async def test_a_sum_of_money_lasts_as_long_as_its_words(voice: EmbeddedVoice) -> None:
    said = duration_s(await spoken(voice, '<speak><say-as interpret-as="currency">99.9 USD</say-as></speak>'))
    words = duration_s(await spoken(voice, "ninety-nine US dollars and ninety cents", is_ssml=False))
    assert said == pytest.approx(words, rel=0.1)
