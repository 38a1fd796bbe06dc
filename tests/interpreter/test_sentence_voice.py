"""A voice sentence by sentence, on a virtual clock: what a caller hears when, of a voice that takes its time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing

import pytest

from offhook.call.errors import ProviderError
from offhook.speech.pcm import SAMPLE_RATE_HZ, duration_s
from offhook.speech.voice import VoiceOptions
from offhook.vendors.sentence_voice import SentenceVoice

OPTIONS = VoiceOptions()


class SlowVoice:
    """A tenth of a second for each character; half of that, after `first_s`, is how long it takes to make it."""

    name = "slow"

    def __init__(
        self, *, first_s: float = 0.3, faults: tuple[str, ...] = (), retryable: bool = False
    ) -> None:
        self._first_s = first_s
        self._faults = list(faults)
        self._retryable = retryable
        self.log: list[tuple[str, float, str]] = []
        self.under_way = self.most_at_once = 0

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        now = asyncio.get_running_loop().time
        self.log.append(("asked", now(), text))
        self.under_way += 1
        self.most_at_once = max(self.most_at_once, self.under_way)
        try:
            await asyncio.sleep(self._first_s)
            if text in self._faults:
                self._faults.remove(text)
                raise ProviderError("slow", f"cannot say {text}", retryable=self._retryable)
            for letter in text:
                await asyncio.sleep(0.05)
                yield letter.encode("utf-16-le") * (SAMPLE_RATE_HZ // 10)
        finally:
            self.under_way -= 1
        self.log.append(("made", now(), text))

    async def close(self) -> None:
        self.log.append(("closed", asyncio.get_running_loop().time(), ""))


async def heard(voice: SentenceVoice, text: str) -> tuple[str, float, float]:
    """What is played, when it begins, and the longest gap, to a caller who hears each piece for as long as it lasts."""
    now = asyncio.get_running_loop().time
    asked, began, until, longest_gap, words = now(), -1.0, 0.0, 0.0, ""
    async with aclosing(voice.speak(text, OPTIONS)) as pieces:
        async for pcm in pieces:
            if began < 0:
                began = until = now()
            longest_gap = max(longest_gap, now() - until)
            until = max(now(), until) + duration_s(pcm)
            words += pcm[:2].decode("utf-16-le")
            await asyncio.sleep(max(0.0, until - now() - 0.02))
    return words, began - asked, longest_gap


async def test_the_first_is_heard_before_the_last_is_made_and_there_is_no_gap() -> None:
    slow = SlowVoice()
    text = "One sentence is here. Then a second one. " * 5 + "The last of them."
    words, began, gap = await heard(SentenceVoice(slow), text)
    assert words == text.replace(". ", ".")
    assert began == pytest.approx(0.35, abs=0.01)
    first_asked = slow.log[0][1]
    last_asked = next(at for what, at, sentence in slow.log if what == "asked" and "last" in sentence)
    assert began < last_asked - first_asked
    assert gap <= 0.06
    assert slow.most_at_once <= 3


async def test_sounds_come_in_the_order_of_the_text_though_a_later_one_is_ready_first() -> None:
    words, _, _ = await heard(SentenceVoice(SlowVoice()), "A rather long first sentence. No. Yes.")
    assert words == "A rather long first sentence.No.Yes."


async def test_who_leaves_ends_what_is_being_made() -> None:
    slow = SlowVoice()
    async with aclosing(SentenceVoice(slow).speak("One sentence. Two sentences. Three.", OPTIONS)) as pieces:
        await anext(pieces)
    assert slow.under_way == 0
    assert [what for what, _, _ in slow.log].count("made") == 0


async def test_a_sentence_that_fails_is_told_after_those_before_it() -> None:
    voice = SentenceVoice(SlowVoice(faults=("Two.", "Two.")))
    got = []
    with pytest.raises(ProviderError, match="cannot say Two"):
        async for pcm in voice.speak("Good. Two. Three.", OPTIONS):
            got.append(pcm[:2].decode("utf-16-le"))
    assert "".join(got) == "Good."


async def test_a_fault_that_may_pass_is_tried_once_more() -> None:
    words, _, _ = await heard(SentenceVoice(SlowVoice(faults=("Two.",), retryable=True)), "Good. Two. Three.")
    assert words == "Good.Two.Three."
    with pytest.raises(ProviderError):
        await heard(SentenceVoice(SlowVoice(faults=("Two.", "Two."), retryable=True)), "Good. Two. Three.")


async def test_ssml_is_cut_with_its_marks() -> None:
    slow = SlowVoice()
    document = '<speak><prosody rate="slow">One. Two.</prosody></speak>'
    async for _ in SentenceVoice(slow).speak(document, VoiceOptions(is_ssml=True)):
        pass
    assert [text for what, _, text in slow.log if what == "asked"] == [
        f'<speak><prosody rate="slow">{word}</prosody></speak>' for word in ("One.", "Two.")
    ]
