"""What a voice process does for a connection: speaks a text, or turns a sound file into PCM."""

import socket
import threading
from typing import assert_never

from offhook.vendors.embedded import espeak
from offhook.vendors.embedded.espeak import EspeakFailed
from offhook.vendors.embedded.languages import Languages
from offhook.vendors.embedded.peer import Gone, Peer
from offhook.vendors.embedded.protocol import (
    MAX_MEDIA_BYTES,
    Alive,
    DecodeRequest,
    Malformed,
    PingRequest,
    RecogniseRequest,
    RefusalKind,
    SoundEnded,
    SoundRefused,
    Speaking,
    SpeakRequest,
    Spoken,
)
from offhook.vendors.embedded.sound_file import NotASound, decode
from offhook.vendors.embedded.speaking import speak

DECODED_AT_ONCE = 4
"""Files in memory at the same time; more of them wait their turn."""


class VoiceService:
    """Speaks and decodes."""

    def __init__(self) -> None:
        self._library = espeak.load()
        self._languages = Languages(self._library.voices(), self._library.variants())
        self._decoding = threading.BoundedSemaphore(DECODED_AT_ONCE)

    def serve(self, connection: socket.socket) -> None:
        """One text or one file, from the request to the last answer."""
        peer = Peer(connection)
        try:
            try:
                self._answer(peer)
            except NotASound as reason:
                peer.tell(SoundRefused(RefusalKind.UNUSABLE, str(reason)))
            except (Malformed, EspeakFailed) as fault:
                peer.tell(SoundRefused(RefusalKind.BROKEN, str(fault)))
            peer.part()
        except Gone:
            return

    def _answer(self, peer: Peer) -> None:
        match request := peer.request():
            case SpeakRequest():
                self._speak(request, peer)
                peer.tell(SoundEnded())
            case DecodeRequest():
                self._decode(peer)
                peer.tell(SoundEnded())
            case PingRequest():
                peer.tell(Alive())
            case RecogniseRequest():
                raise Malformed("a voice process does not recognise")
            case _:
                assert_never(request)

    def _speak(self, request: SpeakRequest, peer: Peer) -> None:
        voice = self._languages.choose(request.language, request.voice)
        peer.tell(Speaking(voice.language, voice.speaker, voice.is_language_known, voice.is_speaker_known))
        for characters, pcm in speak(
            request.text,
            voice,
            request.words_per_minute,
            is_ssml=request.is_ssml,
            library=self._library,
            is_wanted=peer.is_there,
        ):
            peer.play(pcm)
            peer.tell(Spoken(characters))

    def _decode(self, peer: Peer) -> None:
        with self._decoding:
            media = bytearray()
            for part in peer.audio():
                media += part
                if len(media) > MAX_MEDIA_BYTES:
                    raise NotASound(f"a file of more than {MAX_MEDIA_BYTES // 1_048_576} MB")
            for pcm in decode(bytes(media), is_wanted=peer.is_there):
                peer.play(pcm)
