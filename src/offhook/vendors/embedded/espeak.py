"""The espeak-ng library, through ctypes: installed voices, speech, and the sounds of a word.

The library keeps global state and is not thread safe, so a process has one `Espeak`, behind one lock: `load`.
"""

import ctypes
import threading
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import espeakng_loader

from offhook.vendors.embedded.library_calls import library_call

SYNCHRONOUS = 2
WITHOUT_EXIT = 0x8000
RATE = 1
CHARACTERS = 1
UTF8 = 1
SSML = 0x10
END_PAUSE = 0x1000
PHONEMES_IPA = 0x02
STRESS_MARKS = str.maketrans("", "", "ˈˌ")

Sink = Callable[[bytes], bool]
"""Takes PCM at `Espeak.sample_rate_hz`; says whether more is wanted."""


class EspeakFailed(Exception):
    """The library refused."""


class _Voice(ctypes.Structure):
    """espeak_VOICE of speak_lib.h."""

    _fields_ = (
        ("name", ctypes.c_char_p),
        ("languages", ctypes.c_void_p),
        ("identifier", ctypes.c_char_p),
        ("gender", ctypes.c_ubyte),
        ("age", ctypes.c_ubyte),
        ("variant", ctypes.c_ubyte),
        ("xx1", ctypes.c_ubyte),
        ("score", ctypes.c_int),
        ("spare", ctypes.c_void_p),
    )


_Voices = ctypes.POINTER(ctypes.POINTER(_Voice))
_SynthCallback = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.c_void_p)


@dataclass(frozen=True, slots=True)
class InstalledVoice:
    """A voice file. `languages` are tags in lower case with their priority; a lower one fits better."""

    identifier: str
    languages: tuple[tuple[int, str], ...]


class Espeak:
    """The library, loaded. There must be one in a process: `load` gives it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._library = _bind(ctypes.CDLL(espeakng_loader.get_library_path()))
        data = espeakng_loader.get_data_path().encode()
        self.sample_rate_hz: int = self._library.espeak_Initialize(SYNCHRONOUS, 0, data, WITHOUT_EXIT)
        if self.sample_rate_hz <= 0:
            raise EspeakFailed("espeak-ng could not load its data")
        self._sink: Sink = _refuse
        self._was_stopped = False
        self._callback = _SynthCallback(self._take)  # the library keeps no reference, so this one must live
        self._library.espeak_SetSynthCallback(self._callback)

    def voices(self) -> tuple[InstalledVoice, ...]:
        """The installed voices, one or more for each language."""
        with self._lock:
            return tuple(
                InstalledVoice(voice.identifier.decode(), _languages(voice.languages))
                for voice in _listed(self._library.espeak_ListVoices(None))
            )

    def variants(self) -> tuple[str, ...]:
        """The names of speakers that any voice can be given."""
        wanted = _Voice(languages=ctypes.cast(ctypes.c_char_p(b"variant"), ctypes.c_void_p))
        with self._lock:
            found = _listed(self._library.espeak_ListVoices(ctypes.byref(wanted)))
            return tuple(voice.identifier.decode().removeprefix("!v/") for voice in found)

    def speak(
        self, text: str, voice: str, words_per_minute: int, sink: Sink, *, is_ssml: bool = False
    ) -> bool:
        """Speak plain text, or SSML, into `sink`; False where the sink wanted no more. Raises EspeakFailed.

        `voice` is an identifier of `voices`, or one with a variant after a plus sign. Loudness is the
        library's own: 20 dB below full scale while it speaks, with peaks that do not clip, as telephones
        like it. Control characters are left out, for some of them are commands to the library.
        """
        spoken = "".join(
            " " if unicodedata.category(sign) in ("Cc", "Cs") else sign for sign in text
        ).encode()
        flags = UTF8 | END_PAUSE | (SSML if is_ssml else 0)
        with self._lock:
            self._choose(voice)
            self._library.espeak_SetParameter(RATE, words_per_minute, 0)
            self._sink, self._was_stopped = sink, False
            try:
                with library_call():
                    status = self._library.espeak_Synth(
                        spoken + b"\0", len(spoken) + 1, 0, CHARACTERS, 0, flags, None, None
                    )
            finally:
                self._sink = _refuse
            if status != 0 and not self._was_stopped:
                raise EspeakFailed(f"espeak-ng could not speak (status {status})")
            return not self._was_stopped

    def sounds(self, word: str, voice: str) -> str:
        """How a voice would say `word`, in the International Phonetic Alphabet without stress."""
        spelled = ctypes.c_char_p(word.encode())
        with self._lock, library_call():
            self._choose(voice)
            sounds = self._library.espeak_TextToPhonemes(ctypes.byref(spelled), UTF8, PHONEMES_IPA)
        return (sounds or b"").decode().translate(STRESS_MARKS)

    def _choose(self, voice: str) -> None:
        if self._library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise EspeakFailed(f"espeak-ng has no voice {voice}")

    def _take(self, samples: "ctypes._Pointer[ctypes.c_short]", count: int, _events: int | None) -> int:
        """Called by the library; answering 1 stops it. Nothing may be raised through it."""
        if samples and count > 0 and not self._was_stopped:
            self._was_stopped = not self._sink(ctypes.string_at(samples, count * 2))
        return int(self._was_stopped)


_loading = threading.Lock()
_loaded: list[Espeak] = []


def load() -> Espeak:
    """The library, the same for all who ask."""
    with _loading:
        if not _loaded:
            _loaded.append(Espeak())
        return _loaded[0]


def _refuse(_pcm: bytes) -> bool:
    return False


def _bind(library: ctypes.CDLL) -> ctypes.CDLL:
    library.espeak_ListVoices.restype = _Voices
    library.espeak_TextToPhonemes.restype = ctypes.c_char_p
    library.espeak_Synth.argtypes = (
        ctypes.c_char_p,
        ctypes.c_size_t,
        ctypes.c_uint,
        ctypes.c_int,
        ctypes.c_uint,
        ctypes.c_uint,
        ctypes.c_void_p,
        ctypes.c_void_p,
    )
    return library


def _listed(voices: "ctypes._Pointer[ctypes._Pointer[_Voice]]") -> Iterator[_Voice]:
    """The voices of an array that ends with a null pointer."""
    place = 0
    while voices[place]:
        yield voices[place].contents
        place += 1


def _languages(address: int) -> tuple[tuple[int, str], ...]:
    """Priority byte, tag, zero; once more for each language; a zero priority at the end."""
    found = []
    while priority := ctypes.string_at(address, 1)[0]:
        tag = ctypes.string_at(address + 1)
        found.append((priority, tag.decode().lower()))
        address += len(tag) + 2
    return tuple(found)
