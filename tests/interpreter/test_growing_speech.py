"""Texts that are heard while they are made, on a virtual clock: when they begin, how they go on, and what becomes of them."""

import asyncio
import wave
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from offhook.call.errors import ProviderError
from offhook.call.facts import TimelineKept, VerbRan
from offhook.call.port import Audio
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.voices import Voices
from offhook.speech.voice import VoiceOptions
from offhook.testing import FakeVoice, Followed, ScriptedCall, SilentDecoder, WebhookStub, follow
from offhook.verbs import Say

RCML = Rcml(instance_id=32 * "0")
TEXT = "A first sentence. A second sentence. The third and last."
SHOWN = "the text"


async def said(
    call: ScriptedCall, voice: FakeVoice, text: str = TEXT, *, loop: int = 1, after: str = ""
) -> Followed:
    pages = {"/voice": f'<Response><Say loop="{loop}">{text}</Say>{after}</Response>'}
    return await follow(
        call, WebhookStub(pages), dialect=RCML, voice=Voices({voice.name: voice}, (voice.name,))
    )


def heard(call: ScriptedCall, text: str = TEXT) -> list[str]:
    return [line.replace(text, SHOWN) for line in call.heard]


def length_s(text: str) -> float:
    """How long the fake is heard; no sound is made of the space between sentences."""
    return len(text.replace(". ", ".")) / 10


class TestInACall:
    async def test_it_is_heard_before_it_is_made_and_without_a_gap(self) -> None:
        voice, call = FakeVoice(first_s=0.2, pace=0.5), ScriptedCall()
        done = await said(call, voice)
        assert heard(call) == ["0.3 the text starts", f"{0.27 + length_s(TEXT):.1f} the text ends"]
        [ran] = done.facts.of(VerbRan)
        assert (ran.status, dict(ran.details)["provider"]) == ("completed", "fake")
        assert ran.duration_s == pytest.approx(length_s(TEXT), abs=0.4)
        told = [event for kept in done.facts.of(TimelineKept) for event in kept.events]
        assert [facts["length_s"] for _, kind, facts in told if kind == "played"] == [length_s(TEXT)]

    async def test_one_that_is_made_too_slowly_falls_silent_and_goes_on(self) -> None:
        call = ScriptedCall()
        done = await said(call, FakeVoice(first_s=1.0, pace=1.5), "One slow sentence.")
        told = heard(call, "One slow sentence.")
        assert told[0] == "1.2 the text starts"
        assert "falls silent" in told[1] or told[1].endswith("ends")
        assert told[-1] == "3.8 the text ends"  # 1 s, then 1.5 s for each of what is heard
        assert [ran.status for ran in done.facts.of(VerbRan)] == ["completed"]

    async def test_one_that_hangs_in_the_middle_ends_the_verb_and_not_the_server(self) -> None:
        call = ScriptedCall()
        done = await said(call, FakeVoice(hangs_at="third"))
        assert 30.0 < asyncio.get_running_loop().time() < 60.0
        [ran] = done.facts.of(VerbRan)
        assert (ran.status, ran.error_code) == ("failed", 13500)
        assert "no sound came for 30 s" in ran.reason

    async def test_one_that_breaks_ends_the_verb_once_what_there_is_was_heard(self) -> None:
        call = ScriptedCall()
        done = await said(call, FakeVoice(fails_at="third"))
        assert heard(call)[:2] == [
            "0.0 the text starts",
            f"{length_s(TEXT.split('third')[0]):.1f} the text ends",
        ]
        assert [told.code for told in done.notifications if told.is_error] == [13500]

    async def test_it_is_repeated_as_a_whole(self) -> None:
        call = ScriptedCall()
        await said(call, FakeVoice(first_s=0.2, pace=0.9), "Twice. Again.", loop=2)
        assert [line.split(" ", 1)[1] for line in call.heard] == [
            f"Twice. Again. {what}" for what in ("starts", "ends", "starts", "ends")
        ]
        assert float(call.heard[-1].split()[0]) == pytest.approx(0.3 + 2 * length_s("Twice. Again."), abs=0.2)

    async def test_who_hangs_up_ends_the_making(self) -> None:
        voice, call = FakeVoice(pace=0.9), ScriptedCall("2.0 hangs up")
        await said(call, voice)
        assert heard(call)[-1] == "2.0 the text stops"
        assert voice.under_way == 0
        assert not [text for _, text, _ in voice.asked if "third" in text and len(voice.asked) > 3]

    async def test_a_long_one_is_not_taken_for_stalled_nor_made_far_ahead(self) -> None:
        voice, call = FakeVoice(pace=0.01), ScriptedCall()
        sentence = "These words fill a document of many pages. "
        await said(call, voice, (sentence * 100).strip())
        assert float(call.heard[-1].split()[0]) == pytest.approx(100 * (len(sentence) - 1) / 10, abs=1)
        ahead = [count * (len(sentence) - 1) / 10 - at for count, (at, _, _) in enumerate(voice.asked)]
        assert max(ahead) < 150.0


@pytest.mark.parametrize(
    "text",
    ["Ünïcode 😀😀 ☎️ 👩‍👩‍👧", "مرحبا بكم في الخدمة. اضغط واحد.", "😀" * 50],
    ids=["emoji", "rtl", "only"],
)
async def test_any_script_is_spoken(text: str) -> None:
    call = ScriptedCall()
    done = await said(call, FakeVoice(pace=0.5), text)
    assert call.heard[0].endswith("starts")
    assert not done.notifications


async def test_60_kb_are_spoken_until_the_caller_leaves() -> None:
    voice, call = FakeVoice(pace=0.001), ScriptedCall("30.0 hangs up")
    done = await said(call, voice, "Nobody listens to all of this. " * 2_000)
    assert not done.notifications
    assert done.end.duration_s == pytest.approx(30.0, abs=0.1)
    assert len(voice.asked) < 100
    assert voice.under_way == 0


async def test_100_kb_are_refused_and_the_customer_is_told() -> None:
    done = await said(ScriptedCall("30.0 hangs up"), FakeVoice(), "Nobody listens to all of this. " * 3_300)
    assert [(told.code, told.is_error) for told in done.notifications] == [(11750, True)]
    assert "65,536 are allowed" in done.notifications[0].message


class TestInTheStore:
    def store(self, voice: FakeVoice, folder: Path, cache_bytes: int = 1_000_000) -> PromptStore:
        return PromptStore(
            fetch=WebhookStub({}),
            voice=Voices({voice.name: voice}, (voice.name,)),
            decoder=SilentDecoder(),
            folder=folder,
            cache_bytes=cache_bytes,
        )

    async def test_those_who_want_it_at_once_hear_one_making_each_from_its_beginning(
        self, tmp_path: Path
    ) -> None:
        voice = FakeVoice(pace=0.9)
        store, calls = self.store(voice, tmp_path), [ScriptedCall() for _ in range(3)]

        async def hear(call: ScriptedCall, after_s: float) -> None:
            await asyncio.sleep(after_s)
            async with store.ready(Say(text=TEXT)) as audio:
                await call.play(audio)

        await asyncio.gather(*(hear(call, index * 0.5) for index, call in enumerate(calls)))
        assert len(voice.asked) == 3  # its three sentences
        for index, call in enumerate(calls):
            begin, end = (float(line.split()[0]) for line in call.heard)
            assert end - begin == pytest.approx(length_s(TEXT), abs=0.11)
            assert begin == pytest.approx(index * 0.5 + (0.1 if not index else 0.0), abs=0.11)

    async def test_it_is_kept_once_it_is_whole_and_is_a_file_then(self, tmp_path: Path) -> None:
        voice = FakeVoice(pace=0.9)
        store = self.store(voice, tmp_path)
        async with store.ready(Say(text=TEXT)) as audio:
            assert not audio.is_whole
            assert not list(tmp_path.iterdir())
            assert audio.growing is not None
            await audio.growing.until(1_000.0)
        async with store.ready(Say(text=TEXT)) as kept:
            assert kept.growing is None
            assert wav_length(kept) == pytest.approx(length_s(TEXT), abs=0.01) == kept.duration_s
        assert len(voice.asked) == 3

    async def test_one_that_nobody_waits_for_is_not_kept_and_made_anew(self, tmp_path: Path) -> None:
        voice = FakeVoice(pace=0.9)
        store = self.store(voice, tmp_path)
        async with store.ready(Say(text=TEXT)):
            await asyncio.sleep(0.5)
        assert (voice.under_way, list(tmp_path.iterdir())) == (0, [])
        async with store.ready(Say(text=TEXT)) as audio:
            assert audio.growing is not None
            await audio.growing.until(1_000.0)
            assert audio.growing.length_s == pytest.approx(length_s(TEXT), abs=0.01)

    @pytest.mark.parametrize("after_s", [0.0, 0.01, 1.0])
    async def test_one_that_broke_off_is_kept_for_nobody_however_soon_it_did(
        self, tmp_path: Path, after_s: float
    ) -> None:
        class BreaksOffOnce(FakeVoice):
            async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
                is_first = not self.asked
                async for pcm in super().speak(text, options):
                    yield pcm
                if is_first:
                    await asyncio.sleep(after_s)
                    raise ProviderError(self.name, "the connection broke", retryable=True)

        voice = BreaksOffOnce()
        store = self.store(voice, tmp_path)
        async with store.ready(Say(text="Hello")) as audio:
            assert audio.growing is not None
            await audio.growing.until(1_000.0)
            assert audio.growing.fault is not None
        async with store.ready(Say(text="Hello")) as audio:
            assert audio.growing is None
            assert wav_length(audio) == pytest.approx(length_s("Hello"), abs=0.01)

    async def test_who_leaves_does_not_disturb_who_stays(self, tmp_path: Path) -> None:
        voice = FakeVoice(pace=0.9)
        store = self.store(voice, tmp_path)
        async with AsyncExitStack() as stays:
            audio = await stays.enter_async_context(store.ready(Say(text=TEXT)))
            async with store.ready(Say(text=TEXT)):
                await asyncio.sleep(0.5)
            assert audio.growing is not None
            await audio.growing.until(1_000.0)
            assert audio.growing.fault is None
            assert audio.growing.length_s == pytest.approx(length_s(TEXT), abs=0.01)
        assert len(voice.asked) == 3


def wav_length(audio: Audio) -> float:
    with wave.open(str(audio.path), "rb") as file:
        return file.getnframes() / file.getframerate()
