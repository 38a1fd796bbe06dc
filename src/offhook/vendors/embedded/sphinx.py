"""The pocketsphinx decoder: hears one utterance at a time against a menu of phrases.

A decoder starts with an empty dictionary and learns the words of each menu: so it takes 3 MB and 10 ms to
make, against 25 MB and 130 ms with all words. Decoders are kept for the next utterance: the words stay, the
cepstral mean is set anew, so each is heard as if it were the first.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, Self

from pocketsphinx import Decoder, get_model_path

from offhook.speech.pcm import FRAME_BYTES
from offhook.vendors.embedded.cepstra import CEPSTRA
from offhook.vendors.embedded.conditioning import MEAN, Conditioner
from offhook.vendors.embedded.confidence import LEAST_CONFIDENCE, confidence
from offhook.vendors.embedded.grammar import Menu
from offhook.vendors.embedded.pronunciation import Dictionary, PhoneticSpelling, phones_of

MAX_LEARNED_WORDS = 5_000
"""A decoder that knows more is dropped, for words cannot be unlearned."""
SHORTEST_WORD_S = 0.2
FRAMES_BETWEEN_LOOKS = 5
BYTES_A_SECOND = 100 * 4 * CEPSTRA
CHUNKS_BETWEEN_MEANS = 100
MOST_WITH_FREE_SPEECH = 2
"""Decoders of free speech in a process: each takes 95 MB."""


class Busy(Exception):
    """All decoders listen to somebody."""


@dataclass(frozen=True, slots=True)
class Understood:
    """What was said, and how sure that is, from 0 to 1."""

    text: str
    confidence: float


class Readable(Protocol):
    """Knows what words mean: a menu, or free speech."""

    def understood(self, words: list[str]) -> str | None:
        """The text for a whole utterance; None where it is none."""

    def so_far(self, words: list[str]) -> str:
        """The text for the beginning of one."""


class FreeSpeech:
    """Anything may be said; words mean themselves."""

    def understood(self, words: list[str]) -> str | None:
        """The words, if there are any."""
        return " ".join(words) or None

    def so_far(self, words: list[str]) -> str:
        """The words."""
        return " ".join(words)


class Hearing:
    """A block in which one decoder hears one utterance. Feed it from one thread."""

    def __init__(self, decoder: Decoder, expected: Readable) -> None:
        self._decoder = decoder
        self._expected = expected
        self._conditioner = Conditioner()
        self._rest = b""
        self._frames = 0
        self._chunks = 0
        self.text = ""
        """What is understood so far, in the hint's own spelling."""
        self.seconds = 0.0
        """How much speech was decoded."""
        self._is_open = False

    def __enter__(self) -> Self:
        self._decoder.start_utt()
        self._is_open = True
        return self

    def __exit__(self, *_: object) -> None:
        self._end()

    @property
    def has_begun(self) -> bool:
        """Whether somebody speaks: words are heard, and the voice is no cough or click."""
        return bool(self.text) and self._conditioner.voiced_s >= SHORTEST_WORD_S

    def hear(self, pcm: bytes) -> None:
        """Listen to more audio, of any length."""
        self._rest += pcm
        whole = len(self._rest) // FRAME_BYTES * FRAME_BYTES
        frames, self._rest = self._rest[:whole], self._rest[whole:]
        for start in range(0, whole, FRAME_BYTES):
            self._decode(self._conditioner.hear(frames[start : start + FRAME_BYTES]))
            self._frames += 1
            if self._chunks and self._frames % FRAMES_BETWEEN_LOOKS == 0:
                self._look()

    def finish(self) -> Understood | None:
        """What was said; None where nothing was, or nothing that was expected."""
        for cepstra in self._conditioner.finish():
            self._decode(cepstra)
        self._end()
        best = self._decoder.hyp()
        text = self._expected.understood(best.hypstr.split()) if best is not None else None
        if best is None or text is None:
            return None
        sure = confidence(self._decoder.seg(), best.prob)
        return Understood(text, sure) if sure >= LEAST_CONFIDENCE else None

    def _end(self) -> None:
        if self._is_open:
            self._is_open = False
            self._decoder.end_utt()

    def _decode(self, cepstra: bytes) -> None:
        if not cepstra:
            return
        if self._chunks % CHUNKS_BETWEEN_MEANS == 0:
            self._decoder.set_cmn(MEAN)  # it would drift to that of silence while the caller thinks
        self._decoder.process_cep(cepstra)
        self._chunks += 1
        self.seconds += len(cepstra) / BYTES_A_SECOND

    def _look(self) -> None:
        best = self._decoder.hyp()
        if best is not None:
            self.text = self._expected.so_far(best.hypstr.split()) or self.text


class Sphinx:
    """The decoders of a process. `spell` works out words that the dictionary does not have."""

    def __init__(self, *, most: int, spell: PhoneticSpelling) -> None:
        self._model = Path(get_model_path("en-us"))
        self._dictionary = Dictionary(self._model / "cmudict-en-us.dict")
        self._spell = spell
        self._menus = Pool(self._make_for_menus, most)
        self._free = Pool(self._make_for_free_speech, MOST_WITH_FREE_SPEECH)

    @contextmanager
    def hear_menu(self, menu: Menu) -> Iterator[Hearing]:
        """A block in which an utterance is heard that should be one of a menu. Raises Busy."""
        with self._menus.taken() as taken:
            for word in sorted(menu.words):
                taken.learn(word, self._pronunciations)
            # The name is always the same: a grammar replaces the one before, which is then freed.
            taken.decoder.add_jsgf_string("menu", menu.jsgf)
            taken.decoder.activate_search("menu")
            with Hearing(taken.decoder, menu) as hearing:
                yield hearing

    @contextmanager
    def hear_free_speech(self) -> Iterator[Hearing]:
        """A block in which an utterance is heard that may be anything. Raises Busy."""
        with self._free.taken() as taken, Hearing(taken.decoder, FreeSpeech()) as hearing:
            yield hearing

    def _pronunciations(self, word: str) -> tuple[str, ...]:
        return self._dictionary.lookup(word) or (phones_of(self._spell(word)),)

    def _make_for_menus(self) -> Decoder:
        return Decoder(
            hmm=str(self._model / "en-us"), dict="/dev/null", lm=None, compallsen=True, loglevel="FATAL"
        )

    def _make_for_free_speech(self) -> Decoder:
        return Decoder(compallsen=True, loglevel="FATAL")


class Learner:
    """A decoder, and the words that it was taught."""

    def __init__(self, decoder: Decoder) -> None:
        self.decoder = decoder
        self._words: set[str] = set()

    @property
    def is_full(self) -> bool:
        """Whether it should be replaced."""
        return len(self._words) > MAX_LEARNED_WORDS

    def learn(self, word: str, pronunciations: Callable[[str], tuple[str, ...]]) -> None:
        """Teach it a word, unless it knows it."""
        if word in self._words:
            return
        for number, phones in enumerate(pronunciations(word), start=1):
            self.decoder.add_word(word if number == 1 else f"{word}({number})", phones, False)
        self._words.add(word)


class Pool:
    """Decoders, made when they are needed and at most `most`, kept for the next one who needs one."""

    def __init__(self, make: Callable[[], Decoder], most: int) -> None:
        self._make = make
        self._most = most
        self._lock = threading.Lock()
        self._taken = 0
        self._idle: list[Learner] = []

    @contextmanager
    def taken(self) -> Iterator[Learner]:
        """A block that has a decoder for itself. Raises Busy."""
        with self._lock:
            if self._taken == self._most:
                raise Busy(f"all {self._most} decoders are busy")
            self._taken += 1
            learner = self._idle.pop() if self._idle else None
        try:
            learner = learner or Learner(self._make())
            yield learner
        finally:
            with self._lock:
                self._taken -= 1
                if learner is not None and not learner.is_full:
                    self._idle.append(learner)
