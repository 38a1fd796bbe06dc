"""Speech that is kept on disk: once made, heard by all, told apart by everything that makes a sound, and bounded."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import fields, replace
from pathlib import Path

import pytest

from offhook.call.errors import ProviderError
from offhook.speech.kept_speech import KeptSpeech
from offhook.speech.voice import VoiceOptions

DEADLINE_S = 30.0
OPTIONS = VoiceOptions()
OTHER = {
    "language": "fr",
    "voice": "man",
    "is_ssml": True,
    "vendors": ("aws",),
    "model": "m",
    "extra": (("speed", 2),),
}


class CountedVoice:
    """Says a text letter by letter, each once it is let; counts how often it was asked."""

    name = "counted"

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.is_asked = asyncio.Event()
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()
        self.fault: ProviderError | None = None
        self.left = 0

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        self.asked.append(text)
        self.is_asked.set()
        try:
            for letter in text:
                yield letter.encode() * 320
                await self.may_go_on.wait()
            if self.fault is not None:
                raise self.fault
        finally:
            self.left += 1

    async def close(self) -> None:
        self.asked.append("closed")


async def heard(voice: KeptSpeech, text: str, options: VoiceOptions = OPTIONS) -> str:
    async with asyncio.timeout(DEADLINE_S):
        return b"".join([piece async for piece in voice.speak(text, options)])[::320].decode()


async def test_what_was_said_is_not_made_again_not_even_by_another_process(tmp_path: Path) -> None:
    counted = CountedVoice()
    assert await heard(KeptSpeech(counted, tmp_path, most_bytes=100_000), "abc") == "abc"
    assert await heard(KeptSpeech(counted, tmp_path, most_bytes=100_000), "abc") == "abc"
    assert counted.asked == ["abc"]


async def test_whatever_makes_another_sound_is_another_sound(tmp_path: Path) -> None:
    counted = CountedVoice()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    assert set(OTHER) == {field.name for field in fields(VoiceOptions)}
    for name, value in OTHER.items():
        await heard(voice, "abc", replace(OPTIONS, **{name: value}))  # type: ignore[arg-type]
    await heard(KeptSpeech(counted, tmp_path, most_bytes=100_000, settings="120 words a minute"), "abc")
    await heard(voice, "abd")
    await heard(voice, "abc")
    assert len(counted.asked) == len(OTHER) + 3


async def test_many_who_want_the_same_hear_one_making_as_it_goes(tmp_path: Path) -> None:
    counted = CountedVoice()
    counted.may_go_on.clear()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    listeners = [asyncio.create_task(heard(voice, "abc")) for _ in range(20)]
    async with asyncio.timeout(DEADLINE_S), aclosing(voice.speak("abc", OPTIONS)) as first:
        assert (await anext(first))[:1] == b"a"
        counted.may_go_on.set()
        assert await asyncio.gather(*listeners) == ["abc"] * 20
    assert counted.asked == ["abc"]


async def test_one_who_leaves_does_not_disturb_the_others_and_the_last_ends_it(tmp_path: Path) -> None:
    counted = CountedVoice()
    counted.may_go_on.clear()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    async with asyncio.timeout(DEADLINE_S):
        one, two = voice.speak("abc", OPTIONS), voice.speak("abc", OPTIONS)
        await anext(one)
        await anext(two)
        await one.aclose()
        assert counted.left == 0
        await two.aclose()
        assert counted.left == 1
        counted.may_go_on.set()
        assert await heard(voice, "abc") == "abc"
    assert len(counted.asked) == 2


async def test_who_comes_while_a_making_is_being_ended_hears_it_all(tmp_path: Path) -> None:
    is_ending, may_end = asyncio.Event(), asyncio.Event()

    class SlowToEnd(CountedVoice):
        async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
            is_first = not self.asked
            try:
                async for piece in super().speak(text, options):
                    yield piece
            finally:
                if is_first:
                    is_ending.set()
                    await may_end.wait()

    counted = SlowToEnd()
    counted.may_go_on.clear()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    async with asyncio.timeout(DEADLINE_S):
        first = voice.speak("abc", OPTIONS)
        await anext(first)
        leaving = asyncio.create_task(first.aclose())
        await is_ending.wait()
        second = voice.speak("abc", OPTIONS)
        begins = asyncio.create_task(anext(second))
        counted.is_asked.clear()
        await asyncio.wait(
            (begins, asyncio.create_task(counted.is_asked.wait())), return_when="FIRST_COMPLETED"
        )
        may_end.set()
        counted.may_go_on.set()
        await leaving
        assert await begins + b"".join([piece async for piece in second]) == b"".join(
            letter * 320 for letter in (b"a", b"b", b"c")
        )
    assert counted.asked == ["abc", "abc"]


async def test_a_failure_is_told_to_all_and_kept_for_nobody(tmp_path: Path) -> None:
    counted = CountedVoice()
    counted.fault = ProviderError("counted", "no more", retryable=True)
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    results = await asyncio.gather(*(heard(voice, "abc") for _ in range(3)), return_exceptions=True)
    assert all(isinstance(result, ProviderError) for result in results)
    counted.fault = None
    assert await heard(voice, "abc") == "abc"
    assert counted.asked == ["abc", "abc"]


async def test_what_is_kept_is_bounded_and_the_longest_unheard_goes_first(tmp_path: Path) -> None:
    counted = CountedVoice()
    voice = KeptSpeech(counted, tmp_path, most_bytes=10_000)
    for index, text in enumerate(("aaaaaaaaaa", "bbbbbbbbbb", "cccccccccc")):
        await heard(voice, text)
        os.utime(max(tmp_path.iterdir(), key=lambda path: path.stat().st_mtime), (index, index))
    assert await heard(voice, "aaaaaaaaaa") == "aaaaaaaaaa"  # and so it was heard last
    await heard(voice, "dddddddddd")
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000
    counted.asked.clear()
    await heard(voice, "aaaaaaaaaa")
    await heard(voice, "bbbbbbbbbb")
    assert counted.asked == ["bbbbbbbbbb"]
    await heard(voice, "e" * 100)
    assert sum(path.stat().st_size for path in tmp_path.iterdir()) <= 10_000


@pytest.mark.parametrize("damage", [b"", b"OHSPEECH1\n", b"garbage" * 100])
async def test_a_damaged_file_is_as_good_as_none(tmp_path: Path, damage: bytes) -> None:
    counted = CountedVoice()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    await heard(voice, "abc")
    [path] = tmp_path.iterdir()
    path.write_bytes(damage)
    assert await heard(voice, "abc") == "abc"
    path.write_bytes(path.read_bytes()[:-7])
    assert await heard(voice, "abc") == "abc"
    assert counted.asked == ["abc"] * 3


async def test_a_folder_that_takes_nothing_costs_no_call(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    voice = KeptSpeech(CountedVoice(), tmp_path / "file", most_bytes=100_000)
    assert await heard(voice, "abc") == "abc"


async def test_what_a_dead_process_left_is_swept(tmp_path: Path) -> None:
    left, fresh = tmp_path / "a.part", tmp_path / "b.part"
    left.write_bytes(b"half")
    fresh.write_bytes(b"half")
    os.utime(left, (1, 1))
    await heard(KeptSpeech(CountedVoice(), tmp_path, most_bytes=100_000), "abc")
    assert not left.exists()
    assert fresh.exists()


async def test_closing_ends_what_is_being_made(tmp_path: Path) -> None:
    counted = CountedVoice()
    counted.may_go_on.clear()
    voice = KeptSpeech(counted, tmp_path, most_bytes=100_000)
    listening = asyncio.create_task(heard(voice, "abc"))
    async with asyncio.timeout(DEADLINE_S):
        await counted.is_asked.wait()
        await voice.close()
        listening.cancel()
        await asyncio.wait((listening,))
    assert counted.asked[-1] == "closed"
    assert list(tmp_path.iterdir()) == []
