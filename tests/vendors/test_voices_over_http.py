"""Voices behind HTTP, each with its own client against a server on loopback: what is asked, and what goes wrong."""

import asyncio
import io
import socket
import wave
from collections.abc import Callable
from contextlib import aclosing
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
import soundfile
from lxml import etree

from offhook.call.errors import ProviderError
from offhook.speech.voice import Voice, VoiceOptions
from offhook.vendors.aws.signed_post import signed_headers
from offhook.vendors.aws.signing import Credentials
from offhook.vendors.aws.voice import PollyVoice
from offhook.vendors.custom_voice import CustomVoice
from offhook.vendors.deepgram_voice import DeepgramVoice
from offhook.vendors.elevenlabs import ElevenLabsVoice
from offhook.vendors.embedded.decoder import EmbeddedDecoder
from offhook.vendors.http_speech import HttpSpeech, SpeechRequest
from offhook.vendors.microsoft_voice import MicrosoftVoice
from tests.vendors.voice_server import SECOND, Answer, Nothing, Raw, VoiceServer, voice_server

DEADLINE_S = 30.0
ENGLISH = VoiceOptions(language="en-US")
CREDENTIALS = Credentials("AKID", "hush", "for an hour")
SSML = (
    '<speak>Pay <say-as interpret-as="currency">$5.10</say-as> <break time="1s"/> by '
    '<say-as interpret-as="date" format="md">5/1</say-as></speak>'
)

Make = Callable[[str], Voice]
VOICES: dict[str, Make] = {
    "custom": lambda url: CustomVoice("own", f"{url}/say", token="hush"),
    "deepgram": lambda url: DeepgramVoice("hush", address=url),
    "elevenlabs": lambda url: ElevenLabsVoice("hush", address=url),
    "aws": lambda url: PollyVoice(region="eu-central-1", credentials=CREDENTIALS, address=url),
    "microsoft": lambda url: MicrosoftVoice("hush", address=url),
}


async def spoken(voice: Voice, text: str = "Hello.", options: VoiceOptions = ENGLISH) -> bytes:
    async with asyncio.timeout(DEADLINE_S):
        try:
            return b"".join([piece async for piece in voice.speak(text, options)])
        finally:
            await voice.close()


async def fault(voice: Voice, text: str = "Hello.", options: VoiceOptions = ENGLISH) -> ProviderError:
    with pytest.raises(ProviderError) as raised:
        await spoken(voice, text, options)
    return raised.value


@pytest.fixture(params=VOICES)
def make(request: pytest.FixtureRequest) -> Make:
    return VOICES[request.param]


async def test_sound_is_heard_as_it_comes_before_the_rest_is_made(make: Make) -> None:
    async with voice_server(Answer(holds=True)) as server, asyncio.timeout(DEADLINE_S):
        voice = make(server.url)
        pieces = voice.speak("Hello.", ENGLISH)
        first = await anext(pieces)
        assert first
        assert SECOND.startswith(first)
        server.go_on.set()
        assert first + b"".join([piece async for piece in pieces]) == SECOND
        await voice.close()


async def test_a_text_without_words_asks_nobody(make: Make) -> None:
    async with voice_server() as server:
        assert await spoken(make(server.url), " \n ") == b""
        assert server.requests == []


async def test_any_text_reaches_the_vendor(make: Make) -> None:
    text = "🎉 שלום & <b> \ud800 \x01 " + "a" * 1_000
    async with voice_server() as server:
        assert await spoken(make(server.url), text) == SECOND
        body = server.requests[0].body.decode()
        assert "🎉 שלום" in body
        assert "a" * 1_000 in body


async def test_one_that_is_down_is_told_apart_and_may_be_tried_again(make: Make) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        failed = await fault(make(f"http://127.0.0.1:{taken.getsockname()[1]}"))
    assert failed.retryable
    assert "out of reach" in str(failed)


@pytest.mark.parametrize(
    ("status", "retryable"), [(401, False), (403, False), (400, False), (429, True), (503, True)]
)
async def test_a_refusal_tells_its_status_and_why(make: Make, status: int, retryable: bool) -> None:
    answer = Answer((b'{"message": "no\nsuch voice"}',), "application/json", status)
    async with voice_server(answer) as server:
        failed = await fault(make(server.url))
    assert f"status {status}" in str(failed)
    assert "no such voice" in str(failed)
    assert failed.retryable is retryable
    assert ("check " in str(failed)) is (status in (401, 403))
    assert "hush" not in str(failed)


async def test_one_that_breaks_off_is_told_after_what_was_heard(make: Make) -> None:
    async with voice_server(Answer(vanishes=True)) as server, asyncio.timeout(DEADLINE_S):
        voice, got = make(server.url), b""
        with pytest.raises(ProviderError, match="broke off") as raised:
            async for piece in voice.speak("Hello.", ENGLISH):
                got += piece
        assert raised.value.retryable
        assert SECOND.startswith(got)
        assert got
        await voice.close()


@pytest.mark.parametrize(
    "answer",
    [
        Answer((b"<html>Welcome</html>",), "text/html"),
        Answer((b'{"error": "later"}',), "application/json"),
        Answer((), "audio/l16"),
        Raw(b"\x00\xff nonsense \r\n\r\n" * 50),
        Raw(b"HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\nshort"),
        Raw(),
        Answer((b"",), "text/plain", 302),
    ],
    ids=["html", "json", "empty", "no HTTP", "too short", "closed", "redirect"],
)
async def test_nonsense_is_an_error_and_no_sound(make: Make, answer: Answer | Raw) -> None:
    async with voice_server(answer) as server:
        assert (await fault(make(server.url))).args


async def test_sound_that_is_far_too_long_for_its_text_is_an_error(make: Make) -> None:
    async with voice_server(Answer((SECOND,) * 73)) as server, asyncio.timeout(DEADLINE_S):
        voice, got = make(server.url), 0
        with pytest.raises(ProviderError, match="more than 72 s of sound for 6 characters"):
            async for piece in voice.speak("Hello.", ENGLISH):
                got += len(piece)
        await voice.close()
    assert got <= 72 * len(SECOND)
    assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_a_long_text_may_last_longer(make: Make) -> None:
    async with voice_server(Answer((SECOND,) * 73)) as server:
        assert len(await spoken(make(server.url), "Hello, you")) == 73 * len(SECOND)


async def test_a_vendor_does_not_fill_the_message_that_tells_of_it(make: Make) -> None:
    answer = Answer((b'{"message": "' + b"no " * 5_000 + b'"}',), "application/json", 400)
    async with voice_server(answer) as server:
        failed = await fault(make(server.url))
    assert "status 400: " in failed.message
    assert len(failed.message) <= 300


async def test_one_that_is_slow_is_given_up() -> None:
    speech = HttpSpeech("slow", credentials="", answer_s=0.2)
    async with voice_server(Nothing()) as server, asyncio.timeout(DEADLINE_S):
        with pytest.raises(ProviderError, match="nothing within") as raised:
            async for _ in speech.pieces(SpeechRequest(url=server.url, text="x", body=b"")):
                pass
        assert raised.value.retryable
    async with voice_server(Answer(holds=True)) as server, asyncio.timeout(DEADLINE_S):
        with pytest.raises(ProviderError, match="nothing within"):
            async for _ in speech.pieces(SpeechRequest(url=server.url, text="x", body=b"")):
                pass
    await speech.close()


async def test_who_leaves_ends_the_request(make: Make) -> None:
    async with voice_server(Answer(holds=True)) as server, asyncio.timeout(DEADLINE_S):
        voice = make(server.url)
        pieces = voice.speak("Hello.", ENGLISH)
        async with aclosing(pieces):  # type: ignore[type-var]
            await anext(pieces)
        await voice.close()


async def request_of(make: Make, text: str, options: VoiceOptions) -> tuple[VoiceServer, Voice]:
    async with voice_server() as server:
        voice = make(server.url)
        await spoken(voice, text, options)
        return server, voice


async def test_what_the_custom_protocol_asks() -> None:
    options = VoiceOptions(language="fr-FR", voice="léa", model="m1", extra=(("speed", 1.5),))
    server, voice = await request_of(VOICES["custom"], "Bonjour.", options)
    [asked] = server.requests
    assert asked.line == "POST /say HTTP/1.1"
    assert asked.headers["authorization"] == "Bearer hush"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {
        "language": "fr-FR",
        "voice": "léa",
        "type": "text",
        "text": "Bonjour.",
        "model": "m1",
        "options": {"speed": 1.5},
    }
    assert voice.name == "custom:own"
    server, _ = await request_of(VOICES["custom"], SSML, VoiceOptions(is_ssml=True))
    assert server.requests[0].json["type"] == "ssml"
    assert server.requests[0].json["text"] == SSML


async def test_what_deepgram_is_asked() -> None:
    options = VoiceOptions(
        language="en-US", voice="man", is_ssml=True, extra=(("mip_opt_out", True), ("x", 1))
    )
    server, _ = await request_of(VOICES["deepgram"], SSML, options)
    [asked] = server.requests
    assert asked.headers["authorization"] == "Token hush"
    assert urlsplit(asked.path).path == "/v1/speak"
    assert parse_qs(urlsplit(asked.path).query) == {
        "model": ["aura-2-apollo-en"],
        "encoding": ["linear16"],
        "sample_rate": ["8000"],
        "container": ["none"],
        "mip_opt_out": ["True"],
    }
    assert asked.json == {"text": "Pay five dollars and ten cents, by May first"}


async def test_a_language_that_a_vendor_has_no_usual_voice_for_needs_the_name_of_one() -> None:
    async with voice_server() as server:
        for name in ("deepgram", "aws"):
            assert "name one" in str(
                await fault(VOICES[name](server.url), options=VoiceOptions(language="xx-XX"))
            )
            assert (
                await spoken(VOICES[name](server.url), options=VoiceOptions(language="xx-XX", voice="Ann"))
                == SECOND
            )


async def test_what_elevenlabs_is_asked() -> None:
    options = VoiceOptions(language="de-DE", voice="a/b", extra=(("stability", 0.4), ("seed", 7), ("x", 1)))
    server, _ = await request_of(VOICES["elevenlabs"], "Guten Tag.", options)
    [asked] = server.requests
    assert asked.path == "/v1/text-to-speech/a%2Fb/stream?output_format=pcm_8000"
    assert asked.headers["xi-api-key"] == "hush"
    assert asked.json == {
        "text": "Guten Tag.",
        "model_id": "eleven_flash_v2_5",
        "language_code": "de",
        "voice_settings": {"stability": 0.4},
        "seed": 7,
    }


async def test_what_polly_is_asked() -> None:
    server, _ = await request_of(
        VOICES["aws"], SSML, VoiceOptions(language="en-GB", voice="man", is_ssml=True)
    )
    [asked] = server.requests
    assert asked.line == "POST /v1/speech HTTP/1.1"
    assert asked.headers["x-amz-security-token"] == "for an hour"
    assert asked.json == {
        "OutputFormat": "pcm",
        "SampleRate": "8000",
        "Engine": "neural",
        "VoiceId": "Brian",
        "TextType": "ssml",
        "Text": '<speak>Pay five dollars and ten cents <break time="1s"/> by '
        '<say-as interpret-as="date" format="md">5/1</say-as></speak>',
    }
    moment = datetime.strptime(asked.headers["x-amz-date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    expected = signed_headers(
        f"{server.url}/v1/speech",
        asked.body,
        credentials=CREDENTIALS,
        region="eu-central-1",
        service="polly",
        at=moment,
    )
    assert asked.headers["authorization"] == expected["authorization"]


def test_requests_are_signed_as_amazons_own_example_is() -> None:
    """The case `post-vanilla` of the test suite that Amazon published for Signature Version 4."""
    headers = signed_headers(
        "https://example.amazonaws.com/",
        b"",
        credentials=Credentials("AKIDEXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        service="service",
        at=datetime(2015, 8, 30, 12, 36, tzinfo=UTC),
    )
    assert headers["authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, "
        "SignedHeaders=host;x-amz-date, Signature=5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"
    )


async def test_what_microsoft_is_asked() -> None:
    options = VoiceOptions(language="de-DE", voice="man", is_ssml=True, extra=(("style", "cheerful"),))
    server, _ = await request_of(VOICES["microsoft"], SSML, options)
    [asked] = server.requests
    assert asked.path == "/cognitiveservices/v1"
    assert asked.headers["ocp-apim-subscription-key"] == "hush"
    assert asked.headers["x-microsoft-outputformat"] == "raw-8khz-16bit-mono-pcm"
    root = etree.fromstring(asked.body)
    [voice] = root
    assert voice.get("name") == "de-DE-ConradNeural"
    assert "".join(root.itertext()).split() == ["Pay", "$5.10", "by", "5/1"]
    assert b'style="cheerful"' in asked.body
    assert b"break" in asked.body
    server, _ = await request_of(VOICES["microsoft"], "fish & <chips>", VoiceOptions(language="sw-KE"))
    root = etree.fromstring(server.requests[0].body)
    assert "".join(root.itertext()) == "fish & <chips>"
    assert root[0].get("name") == "en-US-AvaMultilingualNeural"


def wav(rate_hz: int, channels: int) -> bytes:
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        tone = (8_000 * np.sin(2 * np.pi * 440 * np.arange(rate_hz) / rate_hz)).astype("<i2")
        file.writeframes(np.repeat(tone, channels).tobytes())
    return out.getvalue()


def is_a_second_of_440_hz(pcm: bytes) -> bool:
    samples = np.frombuffer(pcm, "<i2").astype(float)
    peak_hz = np.argmax(np.abs(np.fft.rfft(samples))) * 8_000 / len(samples)
    return bool(abs(len(samples) - 8_000) < 10 and abs(peak_hz - 440) < 2 and 7_000 < samples.max() < 9_000)


@pytest.mark.parametrize(("rate_hz", "channels"), [(8_000, 1), (16_000, 2), (22_050, 1), (48_000, 1)])
async def test_wav_and_pcm_of_any_rate_become_telephone_sound(rate_hz: int, channels: int) -> None:
    data = wav(rate_hz, channels)
    scattered = tuple(data[at : at + 777] for at in range(0, len(data), 777))
    async with voice_server(Answer(scattered, "audio/wav")) as server:
        assert is_a_second_of_440_hz(await spoken(VOICES["custom"](server.url)))
    raw = Answer((data[44:],), f"audio/l16; rate={rate_hz}; channels={channels}")
    async with voice_server(raw) as server:
        assert is_a_second_of_440_hz(await spoken(VOICES["custom"](server.url)))


async def test_ulaw_is_heard_too() -> None:
    async with voice_server(Answer((bytes((0xFF, 0x7F, 0x00, 0x80)),), "audio/basic")) as server:
        assert np.frombuffer(await spoken(VOICES["custom"](server.url)), "<i2").tolist() == [
            0,
            0,
            -32124,
            32124,
        ]


async def test_mp3_is_read_by_the_decoder(decoder: EmbeddedDecoder) -> None:
    out = io.BytesIO()
    tone = 0.25 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    soundfile.write(out, tone, 16_000, format="MP3", subtype="MPEG_LAYER_III")
    async with voice_server(
        Answer((out.getvalue(),), "audio/mpeg"), Answer((b"no",), "audio/mpeg")
    ) as server:
        pcm = await spoken(CustomVoice("own", server.url, decoder=decoder))
        assert 0.9 < len(pcm) / 16_000 < 1.3
        assert "audio/mpeg" in str(await fault(CustomVoice("own", server.url, decoder=decoder)))
        assert "audio/mpeg" in str(await fault(CustomVoice("own", server.url)))


@pytest.mark.parametrize(
    "media",
    [
        b"RIFFxxxxJUNK",
        b"nonsense",
        b"RIFF\0\0\0\0WAVE",
        wav(8_000, 1)[:40],
        b"RIFF\0\0\0\0WAVEdata\4\0\0\0abcd",
    ],
)
async def test_what_is_no_wav_file_is_an_error(media: bytes) -> None:
    async with voice_server(Answer((media,), "audio/wav")) as server:
        assert not (await fault(VOICES["custom"](server.url))).retryable


async def test_without_credentials_polly_says_where_they_would_be(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    failed = await fault(PollyVoice(region="eu-central-1", address="http://127.0.0.1:9"))
    assert "AWS_ACCESS_KEY_ID" in str(failed)
    assert not failed.retryable
