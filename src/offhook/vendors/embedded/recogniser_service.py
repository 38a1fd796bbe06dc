"""What a recogniser process does for a connection: hears one utterance, tells what it understands."""

import socket
import threading
from contextlib import AbstractContextManager

from offhook.speech.recogniser import (
    FailureKind,
    Final,
    Partial,
    SpeechEnded,
    SpeechFailed,
    SpeechStarted,
)
from offhook.vendors.embedded import espeak
from offhook.vendors.embedded.grammar import read_menu
from offhook.vendors.embedded.peer import Gone, Peer
from offhook.vendors.embedded.protocol import (
    HEARD_EVERY,
    Alive,
    Heard,
    Malformed,
    PingRequest,
    RecogniseRequest,
)
from offhook.vendors.embedded.sphinx import Busy, Hearing, Sphinx, Understood

LONGEST_SPEECH_S = 120.0
_ONE_AT_A_TIME = threading.Lock()
"""Held while a decoder works, which keeps the interpreter's own lock meanwhile. Fifty threads that waited for that one would keep from
it whoever only has to answer a ping, and a process that works hard would be taken for one that hangs."""
SPELLING_VOICE = "gmw/en-US"


class RecogniserService:
    """Hears up to `decoders` utterances at once; `tries_free_speech` where English has no hints."""

    def __init__(self, *, decoders: int, tries_free_speech: bool) -> None:
        self._tries_free_speech = tries_free_speech
        self._sphinx = Sphinx(most=decoders, spell=_spell)

    def serve(self, connection: socket.socket) -> None:
        """One utterance, from the request to the last event."""
        peer = Peer(connection)
        try:
            try:
                self._answer(peer)
            except Malformed as fault:
                peer.tell(SpeechFailed(FailureKind.BROKEN, str(fault)))
            except Busy as busy:
                peer.tell(SpeechFailed(FailureKind.BROKEN, str(busy), retryable=True))
            peer.part()
        except Gone:
            return

    def _answer(self, peer: Peer) -> None:
        request = peer.request()
        if isinstance(request, PingRequest):
            peer.tell(Alive())
            return
        if not isinstance(request, RecogniseRequest):
            raise Malformed("a recogniser process only recognises")
        hearing = self._hearing(request)
        if isinstance(hearing, SpeechFailed):
            peer.tell(hearing)
            return
        with hearing as heard:
            understood = _hear(peer, heard, wants_partials=request.partials)
        # Told only now that the decoder is free: who reads it may ask for the next utterance at once.
        if understood is not None:
            peer.tell(Final(understood.text, understood.confidence))
        peer.tell(SpeechEnded())

    def _hearing(self, request: RecogniseRequest) -> AbstractContextManager[Hearing] | SpeechFailed:
        language = request.language.strip().lower().replace("_", "-")
        if language.partition("-")[0] != "en":
            return SpeechFailed(
                FailureKind.NEEDS_MODEL,
                f"the embedded recogniser understands English, and was asked for {request.language!r}",
            )
        menu = read_menu(request.hints)
        if menu.forms:
            return self._sphinx.hear_menu(menu)
        if self._tries_free_speech:
            return self._sphinx.hear_free_speech()
        given = f"none of the {len(request.hints)} given can be" if request.hints else "there are none"
        return SpeechFailed(
            FailureKind.NEEDS_MODEL,
            f"the embedded recogniser understands what is among the hints, and {given}",
        )


def _hear(peer: Peer, hearing: Hearing, *, wants_partials: bool) -> Understood | None:
    """What was said, once the client has sent all of it; what is understood on the way is told at once."""
    has_begun, told = False, ""
    for number, pcm in enumerate(peer.audio(), 1):
        with _ONE_AT_A_TIME:
            hearing.hear(pcm)
        if number % HEARD_EVERY == 0:
            peer.tell(Heard(number))
        if not has_begun and hearing.has_begun:
            has_begun = True
            peer.tell(SpeechStarted())
        if wants_partials and has_begun and hearing.text != told:
            told = hearing.text
            peer.tell(Partial(told))
        if hearing.seconds > LONGEST_SPEECH_S:
            raise Malformed(f"the utterance is longer than {LONGEST_SPEECH_S:.0f} seconds")
    with _ONE_AT_A_TIME:
        return hearing.finish()


def _spell(word: str) -> str:
    """The sounds of a word that no dictionary has; the library is loaded for the first one."""
    return espeak.load().sounds(word, SPELLING_VOICE)
