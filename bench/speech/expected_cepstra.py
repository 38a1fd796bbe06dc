"""What the network of the embedded recogniser should tell: the cepstra that the decoder makes of wideband speech, drawn
towards those that its acoustic model expects.

The decoder itself tells which phone is spoken when, for what is said is known. Each phone of the model is a set of Gaussians:
cepstra are drawn to the mean of them, weighed by how well they fit. A caller's own manner is lost so, and that is
wanted: words that are on a menu come to fit it better, and others worse.
"""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from pocketsphinx import Decoder, get_model_path

from offhook.vendors.embedded.band_energies import Frames
from offhook.vendors.embedded.cepstra import CEPSTRA

WIDE_HZ = 16_000
DRAWN = 0.22
"""How far: 0 leaves cepstra where they are."""
SOFTNESS = 0.5
"""Of the likelihoods that Gaussians are weighed by."""
LEAST_VARIANCE = 1e-2
MODEL = Path(get_model_path("en-us"))
HEADER_END = b"endhdr\n"
SHORTEST_WORD, LONGEST_WORD = 3, 9


def dictionary_words() -> Iterator[str]:
    """The words that the decoder knows, but the very short and the very long."""
    for entry in (MODEL / "cmudict-en-us.dict").read_text().splitlines():
        word = entry.split()[0]
        if word.isalpha() and SHORTEST_WORD <= len(word) <= LONGEST_WORD:
            yield word


class ExpectedCepstra:
    """Takes what a caller says, and gives what is wanted of it: the mean of a caller's cepstra is zero."""

    def __init__(self) -> None:
        self._decoder = Decoder(lm=None, loglevel="FATAL")
        self._means = _gaussians("means")
        self._variances = np.maximum(_gaussians("variances"), LEAST_VARIANCE)
        self._phones = _phone_names()
        self._taken: list[tuple[Frames, slice, list[tuple[int, slice]]]] = []

    def take(self, text: str, wideband: Frames, *, is_speech: slice) -> bool:
        """False where the decoder does not find the text in the audio (WIDE_HZ), and nothing was taken."""
        pcm = np.clip(wideband, -32768, 32767).astype("<i2").tobytes()
        phones = self._spoken(text, pcm)
        if phones:
            self._taken.append((_own_cepstra(pcm), is_speech, phones))
        return bool(phones)

    def given(self) -> Iterator[Frames]:
        """One after the other, for all that was taken since the last time; one row for each 10 ms."""
        taken, self._taken = self._taken, []
        if not taken:
            return
        mean = np.concatenate([cepstra[speech] for cepstra, speech, _ in taken]).mean(axis=0)
        for cepstra, _, phones in taken:
            wanted = cepstra - mean
            for phone, where in phones:
                wanted[where] += DRAWN * (self._nearest(wanted[where], phone) - wanted[where])
            yield wanted

    def _nearest(self, cepstra: Frames, phone: int) -> Frames:
        variances = self._variances[phone]
        away = (cepstra[:, None] - self._means[phone]) ** 2 / variances
        likelihoods = -0.5 * SOFTNESS * (away.sum(axis=-1) + np.log(variances).sum(axis=-1))
        shares = np.exp(likelihoods - likelihoods.max(axis=1, keepdims=True, initial=-np.inf))
        nearest: Frames = (shares / shares.sum(axis=1, keepdims=True)) @ self._means[phone]
        return nearest

    def _spoken(self, text: str, pcm: bytes) -> list[tuple[int, slice]]:
        """The phones, and the rows in which they are spoken."""
        self._decoder.set_align_text(text)
        self._decode(pcm)
        if self._decoder.hyp() is None:
            return []
        try:
            self._decoder.set_alignment()
            self._decode(pcm)
        except RuntimeError:  # the words were not all said
            return []
        # A word is gone when the next one is asked for: its phones are read at once.
        return [
            (self._phones.index(phone.name), slice(phone.start, phone.start + phone.duration))
            for word in self._decoder.get_alignment() or ()
            for phone in word
        ]

    def _decode(self, pcm: bytes) -> None:
        self._decoder.start_utt()
        self._decoder.process_raw(pcm, full_utt=True)
        self._decoder.end_utt()


def _own_cepstra(pcm: bytes) -> Frames:
    """What the decoder makes of wideband speech; it writes them into a file, high byte first, after a count."""
    with tempfile.TemporaryDirectory() as folder:
        decoder = Decoder(
            hmm=str(MODEL / "en-us"), dict="/dev/null", lm=None, loglevel="FATAL", mfclogdir=folder
        )
        decoder.add_allphone_file("phones", None)
        decoder.activate_search("phones")
        decoder.start_utt()
        decoder.process_raw(pcm, no_search=True)
        decoder.end_utt()
        (written,) = Path(folder).iterdir()
        return np.frombuffer(written.read_bytes()[4:], ">f4").reshape(-1, CEPSTRA).astype(np.float32)


def _gaussians(kind: str) -> Frames:
    """Means or variances of the cepstra (their slopes left out): phones, Gaussians, CEPSTRA.

    The file: a text, then 32-bit numbers: a mark of byte order, how many phones, streams and Gaussians there are, the width
    of each stream, how many numbers follow, the numbers.
    """
    content = (MODEL / "en-us" / kind).read_bytes()
    start = content.index(HEADER_END) + len(HEADER_END) + 4
    phones, streams, gaussians = (int(count) for count in np.frombuffer(content, "<u4", 3, start))
    numbers = np.frombuffer(content, "<f4", phones * streams * gaussians * CEPSTRA, start + 16 + 4 * streams)
    return numbers.reshape(phones, streams, gaussians, CEPSTRA)[:, 0]


def _phone_names() -> list[str]:
    """As the model counts them; the list of names ends before the number that says how deep its tree is."""
    content = (MODEL / "en-us" / "mdef").read_bytes()
    start = content.index(b"+NSN+\0")
    return [name.decode() for name in content[start:].split(b"\0")[: len(_gaussians("means"))]]
