"""The embedded decoder of sound files, in the voice process."""

import asyncio
import io
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
import soundfile

from offhook.call.errors import PromptUnusable, ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ, duration_s
from offhook.vendors.embedded.decoder import EmbeddedDecoder
from tests.vendors.speech_process import START_S, dying_process, speech_process

DEADLINE_S = 60.0
TONE_HZ = 1000
HTML = b"<!DOCTYPE html><html><body>404</body></html>"


def tone(rate_hz: int, channels: int, seconds: float = 1.5) -> npt.NDArray[np.float64]:
    """A tone at half of full scale, the same on all channels."""
    times = np.arange(int(rate_hz * seconds)) / rate_hz
    return np.tile((0.5 * np.sin(2 * np.pi * TONE_HZ * times))[:, None], (1, channels))


def sound_file(kind: str, subtype: str, rate_hz: int, channels: int, seconds: float = 1.5) -> bytes:
    written = io.BytesIO()
    soundfile.write(written, tone(rate_hz, channels, seconds), rate_hz, format=kind, subtype=subtype)
    return written.getvalue()


async def decoded(decoder: EmbeddedDecoder, media: bytes) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        return await decoder.decode(media)


@pytest.mark.parametrize(
    ("kind", "subtype", "rate_hz", "channels"),
    [
        ("WAV", "PCM_16", 8000, 1),
        ("WAV", "PCM_16", 16000, 1),
        ("WAV", "PCM_24", 44100, 2),
        ("WAV", "FLOAT", 48000, 2),
        ("WAV", "ULAW", 8000, 1),
        ("WAV", "ALAW", 8000, 1),
        ("WAV", "PCM_U8", 11025, 1),
        ("MP3", "MPEG_LAYER_III", 44100, 2),
        ("MP3", "MPEG_LAYER_III", 16000, 1),
        ("OGG", "VORBIS", 44100, 2),
        ("OGG", "OPUS", 48000, 1),
        ("FLAC", "PCM_16", 22050, 1),
        ("AIFF", "PCM_16", 44100, 1),
    ],
)
async def test_sounds_of_many_kinds_come_out_at_8_khz(
    decoder: EmbeddedDecoder, kind: str, subtype: str, rate_hz: int, channels: int
) -> None:
    pcm = await decoded(decoder, sound_file(kind, subtype, rate_hz, channels))
    assert duration_s(pcm) == pytest.approx(1.5, abs=0.15)
    samples = np.frombuffer(pcm, "<i2")[2000:10000].astype(np.float64)
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
    loudest_hz = float(np.argmax(spectrum)) * SAMPLE_RATE_HZ / len(samples)
    assert loudest_hz == pytest.approx(TONE_HZ, abs=5)
    assert np.sqrt(np.mean(samples**2)) == pytest.approx(16384 / np.sqrt(2), rel=0.15)


async def test_opposite_channels_cancel_and_nothing_overflows(decoder: EmbeddedDecoder) -> None:
    stereo = tone(8000, 2)
    stereo[:, 1] *= -1
    written = io.BytesIO()
    soundfile.write(written, stereo, 8000, format="WAV")
    samples = np.frombuffer(await decoded(decoder, written.getvalue()), "<i2")
    assert np.abs(samples).max() < 10


async def test_what_is_louder_than_full_scale_is_limited(decoder: EmbeddedDecoder) -> None:
    written = io.BytesIO()
    loud = tone(8000, 1) * 40
    loud[100:200] = np.nan
    soundfile.write(written, loud, 8000, format="WAV", subtype="FLOAT")
    samples = np.frombuffer(await decoded(decoder, written.getvalue()), "<i2").astype(np.int32)
    assert samples.max() == 32767
    assert samples.min() == -32767


@pytest.mark.parametrize(
    ("kind", "subtype"), [("MP3", "MPEG_LAYER_III"), ("WAV", "PCM_16"), ("OGG", "VORBIS")]
)
async def test_a_file_that_breaks_off_gives_what_there_is(
    decoder: EmbeddedDecoder, kind: str, subtype: str
) -> None:
    whole = sound_file(kind, subtype, 44100, 1, seconds=10)
    pcm = await decoded(decoder, whole[: len(whole) * 2 // 3])
    assert 4 < duration_s(pcm) < 9


@pytest.mark.parametrize(
    ("media", "words"),
    [
        (b"", "not a sound file (it is empty)"),
        (HTML, "not a sound file (it looks like HTML)"),
        (b"\n  <html>", "not a sound file (it looks like HTML)"),
        (b'<?xml version="1.0"?><Error/>', "not a sound file (it looks like XML)"),
        (b'{"error": "not found"}', "not a sound file (it looks like JSON)"),
        (b"%PDF-1.7", "not a sound file (it looks like PDF)"),
        (b"\0\0\0\x20ftypM4A " + bytes(500), "not a sound file (it looks like MPEG-4)"),
        (b"nothing that anybody knows" * 50, "not a sound file"),
        (bytes(10_000), "not a sound file"),
        (b"RIFF\xff\xff\xff\xffWAVEfmt ", "not a sound file"),
        (sound_file("WAV", "PCM_16", 8000, 1, seconds=0), "a sound file without any sound in it"),
        (sound_file("FLAC", "PCM_16", 8000, 1, seconds=601), "a sound longer than 10 minutes"),
        (bytes(33_554_433), "a file of more than 32 MB"),
    ],
)
async def test_what_cannot_be_played_is_the_customers_to_know(
    decoder: EmbeddedDecoder, media: bytes, words: str
) -> None:
    with pytest.raises(PromptUnusable) as unusable:
        await decoded(decoder, media)
    assert unusable.value.code == 13233
    assert unusable.value.message == words


async def test_noise_in_a_file_never_ends_the_process(decoder: EmbeddedDecoder) -> None:
    random = np.random.default_rng(1)
    for kind, subtype in (
        ("WAV", "PCM_16"),
        ("MP3", "MPEG_LAYER_III"),
        ("OGG", "VORBIS"),
        ("FLAC", "PCM_16"),
    ):
        media = bytearray(sound_file(kind, subtype, 16000, 1))
        for _ in range(25):
            damaged = bytearray(media)
            for place in random.integers(0, len(damaged), 20):
                damaged[place] = int(random.integers(0, 256))
            try:
                await decoded(decoder, bytes(damaged))
            except PromptUnusable as unusable:
                told = unusable.message
            else:
                told = "played"
            assert told
    assert await decoded(decoder, sound_file("WAV", "PCM_16", 8000, 1))


async def test_many_files_at_once(decoder: EmbeddedDecoder) -> None:
    media = sound_file("MP3", "MPEG_LAYER_III", 44100, 2, seconds=20)
    async with asyncio.TaskGroup() as tasks:
        decoding = [tasks.create_task(decoded(decoder, media)) for _ in range(8)]
    assert all(duration_s(task.result()) == pytest.approx(20, abs=0.2) for task in decoding)


async def test_leaving_in_the_middle_harms_nobody(decoder: EmbeddedDecoder) -> None:
    media = sound_file("OGG", "OPUS", 48000, 1, seconds=120)
    decoding = asyncio.create_task(decoder.decode(media))
    await asyncio.sleep(0)
    decoding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await decoding
    assert await decoded(decoder, sound_file("WAV", "PCM_16", 8000, 1))


async def test_a_file_is_given_to_the_next_process_when_one_dies_over_it(socket_folder: Path) -> None:
    path = socket_folder / "dying-decoder"
    media = sound_file("OGG", "OPUS", 48000, 1, seconds=120)
    with speech_process("voice", path) as first:
        decoding = asyncio.create_task(EmbeddedDecoder(path, return_s=START_S).decode(media))
        while not first.is_at_work:  # noqa: ASYNC110
            await asyncio.sleep(0)
        first.kill()
    with speech_process("voice", path):
        async with asyncio.timeout(DEADLINE_S):
            assert duration_s(await decoding) == pytest.approx(120, abs=0.2)


async def test_a_file_that_processes_die_of_is_given_up(socket_folder: Path) -> None:
    async with dying_process(socket_folder / "deadly-file") as dying:
        with pytest.raises(ProviderError, match="died") as died:
            await decoded(EmbeddedDecoder(dying.path), HTML)
        assert died.value.retryable
        assert dying.deaths == 2


async def test_a_process_that_does_not_come_back_is_an_error(socket_folder: Path) -> None:
    with pytest.raises(ProviderError, match="not there") as missing:
        await decoded(EmbeddedDecoder(socket_folder / "nobody", return_s=0.2), HTML)
    assert missing.value.retryable
