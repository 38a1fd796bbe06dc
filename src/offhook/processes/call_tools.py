"""What the calls of a worker work with: the same for all of them, but for what fetches the sounds of an account."""

import shutil
import wave
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import lru_cache
from pathlib import Path

from offhook.bootstrap import WHOLE_TEXTS
from offhook.call.port import Audio
from offhook.config import Settings
from offhook.interpreter.lifetime import CallBounds
from offhook.interpreter.ports import NO_TRACER, Recorder, Tools, Tracer
from offhook.interpreter.prompts import PromptStore, write_wav
from offhook.interpreter.stream_ports import NO_LANGUAGES, StreamLanguage
from offhook.interpreter.voices import Voices
from offhook.processes.tapes import RecordingFolder
from offhook.speech.hold_music import exit_beep, hold_music
from offhook.speech.recogniser import Recogniser
from offhook.speech.recognisers import Recognisers, nobody_counts
from offhook.speech.tone import beep, comfort_tone, ringing_tone, special_information_tone
from offhook.speech.voice import Decoder, Voice
from offhook.surroundings import Surroundings
from offhook.verbs import Say
from offhook.webhooks.clients import Clients

FINISH_GRACE_S = 2.0
MEGABYTE = 1_000_000
MOST_ACCOUNTS = 1_000
"""Of how many accounts tools are kept."""
INNER, PUBLIC = "inner", "public"
"""Realms of sounds: those of the account that may reach the operator's own network, and of all others."""


def call_tools(
    settings: Settings,
    surroundings: Surroundings,
    *,
    clients: Clients,
    voices: Mapping[str, Voice],
    decoder: Decoder,
    recognisers: Mapping[str, Recogniser],
    recorder: Recorder,
    tracer: Tracer = NO_TRACER,
    switched: Callable[[str], None] = nobody_counts,
    stream_languages: Mapping[str, StreamLanguage] = NO_LANGUAGES,
) -> Callable[[str], Tools]:
    """The tools for calls, by their account's sid. Makes the worker's folder of sounds anew.

    `switched` is told the name of each recogniser that is left.
    """
    sounds = surroundings.sounds / str(surroundings.worker_index)
    # What a predecessor that died had kept is nobody's now.
    shutil.rmtree(sounds, ignore_errors=True)
    sounds.mkdir(parents=True)
    prompts = PromptStore(
        fetch=clients.of(""),
        voice=Voices(voices, settings.tts_order, whole=WHOLE_TEXTS),
        decoder=decoder,
        folder=sounds,
        cache_bytes=settings.sound_cache_mb * MEGABYTE,
    )
    shared = Tools(
        prompts=prompts,
        recognisers=Recognisers(recognisers, settings.asr_order, switched=switched),
        recorder=recorder,
        voice_name=settings.tts_order[0],
        wall_clock=lambda: datetime.now(UTC),
        apology=Say(text=settings.apology),
        apology_tone=_tone(sounds / "apology.wav", special_information_tone(), "special information tone"),
        finish_grace_s=FINISH_GRACE_S,
        filler=_filler(settings, surroundings, sounds),
        filler_after_s=settings.filler_after_s,
        tracer=tracer,
        stream_languages=stream_languages,
        tapes=RecordingFolder(settings.recordings_folder),
        beep=_tone(sounds / "beep.wav", beep(), "beep"),
        ringing=_tone(sounds / "ringing.wav", ringing_tone(), "ringing tone"),
        hold_music=_tone(sounds / "hold-music.wav", hold_music(), "hold music"),
        exit_beep=_tone(sounds / "exit-beep.wav", exit_beep(), "exit beep"),
        bounds=CallBounds(ring_s=settings.max_ring_s, talk_s=settings.max_call_s),
    )

    @lru_cache(MOST_ACCOUNTS)
    def tools_of(account_sid: str) -> Tools:
        realm = INNER if clients.is_trusted(account_sid) else PUBLIC
        client = clients.of(account_sid)
        return replace(shared, prompts=prompts.of(client, realm), stream_lines=client)

    return tools_of


def _filler(settings: Settings, surroundings: Surroundings, folder: Path) -> Audio | None:
    """What waiting callers hear; None where the settings want silence."""
    if not settings.filler_after_s:
        return None
    if settings.filler is not None:
        return _sound(surroundings.filler, "filler")
    return _tone(folder / "comfort.wav", comfort_tone(), "comfort tone")


def _tone(path: Path, pcm: bytes, label: str) -> Audio:
    write_wav(path, pcm)
    return _sound(path, label)


def _sound(path: Path, label: str) -> Audio:
    """A WAV file that calls play as it is."""
    with wave.open(str(path), "rb") as file:
        return Audio(path=path, duration_s=file.getnframes() / file.getframerate(), label=label)
