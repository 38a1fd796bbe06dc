"""Voices that are there when their settings are. Each brings its libraries only then; bootstrap asks.

All but the embedded one are spoken sentence by sentence, and what they said is kept on disk: it costs time and money.
"""

from collections.abc import Callable

from offhook.config import Settings
from offhook.speech.kept_speech import KeptSpeech
from offhook.speech.sentences import LONGEST
from offhook.speech.voice import Decoder, Voice
from offhook.vendors.sentence_voice import SentenceVoice
from offhook.voice_settings import TTS_NEEDS

FOLDER = "speech"
"""Where speech is kept, inside the data directory."""
SOUNDS_BY: dict[str, tuple[str, ...]] = {
    "google": ("google_tts_endpoint",),
    "aws": ("aws_region", "aws_tts_engine", "aws_tts_url"),
    "microsoft": ("microsoft_region", "microsoft_tts_url"),
    "deepgram": ("deepgram_tts_url",),
    "elevenlabs": ("elevenlabs_model", "elevenlabs_url"),
    "wyoming": ("wyoming_tts",),
    "piper": ("piper_voice",),
}
"""Settings that decide what a voice sounds like: under others, what is kept is another's speech."""


def configured_voices(settings: Settings, decoder: Decoder) -> dict[str, Voice]:
    """Those that have all settings they need, by name. `decoder` reads MP3 and the like."""
    voices: dict[str, Voice] = {
        name: _ready(
            MAKERS[name](settings), settings, *(getattr(settings, field) for field in SOUNDS_BY[name])
        )
        for name in TTS_NEEDS
        if settings.has_voice(name)
    }
    for name, (url, token) in settings.custom_voices.items():
        voice = _custom(name, url, token, decoder)
        voices[voice.name] = _ready(voice, settings, url)
    return voices


def _ready(voice: Voice, settings: Settings, *set_as: object) -> Voice:
    kept: Voice = voice
    if settings.tts_kept_mb:
        folder, most_bytes = settings.data_dir / FOLDER, settings.tts_kept_mb * 1_000_000
        kept = KeptSpeech(voice, folder, most_bytes=most_bytes, settings=repr(set_as))
    return SentenceVoice(kept, longest=LONGEST)


def _custom(name: str, url: str, token: str | None, decoder: Decoder) -> Voice:
    if url.startswith(("ws://", "wss://")):
        from offhook.vendors.custom_streaming_voice import CustomStreamingVoice

        return CustomStreamingVoice(name, url, token=token)
    from offhook.vendors.custom_voice import CustomVoice

    return CustomVoice(name, url, token=token, decoder=decoder)


def _google(settings: Settings) -> Voice:
    from offhook.vendors.google_voice import GoogleVoice

    return GoogleVoice(endpoint=settings.google_tts_endpoint)


def _aws(settings: Settings) -> Voice:
    from offhook.vendors.aws.voice import PollyVoice

    assert settings.aws_region is not None
    return PollyVoice(
        region=settings.aws_region, engine=settings.aws_tts_engine, address=settings.aws_tts_url
    )


def _microsoft(settings: Settings) -> Voice:
    from offhook.vendors.microsoft_voice import MicrosoftVoice

    assert settings.microsoft_key is not None
    return MicrosoftVoice(
        settings.microsoft_key.get_secret_value(),
        region=settings.microsoft_region or "",
        address=settings.microsoft_tts_url,
    )


def _deepgram(settings: Settings) -> Voice:
    from offhook.vendors.deepgram_voice import ADDRESS, DeepgramVoice

    assert settings.deepgram_key is not None
    return DeepgramVoice(
        settings.deepgram_key.get_secret_value(), address=settings.deepgram_tts_url or ADDRESS
    )


def _elevenlabs(settings: Settings) -> Voice:
    from offhook.vendors.elevenlabs import ADDRESS, ElevenLabsVoice

    assert settings.elevenlabs_key is not None
    return ElevenLabsVoice(
        settings.elevenlabs_key.get_secret_value(),
        model=settings.elevenlabs_model,
        address=settings.elevenlabs_url or ADDRESS,
    )


def _wyoming(settings: Settings) -> Voice:
    from offhook.vendors.wyoming_voice import WyomingVoice

    assert settings.wyoming_tts is not None
    return WyomingVoice(settings.wyoming_tts)


def _piper(settings: Settings) -> Voice:
    from offhook.vendors.piper import PiperVoice

    assert settings.piper_voice is not None
    return PiperVoice(settings.piper_voice)


MAKERS: dict[str, Callable[[Settings], Voice]] = {
    "google": _google,
    "aws": _aws,
    "microsoft": _microsoft,
    "deepgram": _deepgram,
    "elevenlabs": _elevenlabs,
    "wyoming": _wyoming,
    "piper": _piper,
}
