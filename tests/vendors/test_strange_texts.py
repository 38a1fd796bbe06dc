"""Texts that nobody would read aloud, spoken by the embedded voice in a process of its own: heard or passed over, never a hang."""

import asyncio
from pathlib import Path

import pytest

from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.voices import Voices
from offhook.testing import SilentDecoder, WebhookStub
from offhook.vendors.embedded.voice import EmbeddedVoice
from offhook.verbs import Say

DEADLINE_S = 30


@pytest.fixture
def store(voice: EmbeddedVoice, tmp_path: Path) -> PromptStore:
    return PromptStore(
        fetch=WebhookStub({}),
        voice=Voices({voice.name: voice}, (voice.name,), whole=frozenset((voice.name,))),
        decoder=SilentDecoder(),
        folder=tmp_path,
        cache_bytes=1_000_000,
    )


@pytest.mark.parametrize(
    ("text", "language", "least_s"),
    [
        ("مرحبا بكم في خدمة العملاء. اضغط واحد.", "ar", 1.0),
        ("שלום וברוכים הבאים", "he", 0.5),
        ("Press 1 👍 to go on 😀, or 2 👎 to stop.", "en", 1.0),
        ("😀" * 200, "en", 0.0),
        ("\u202e\u200f\u0301\ufeff \U000e0041", "en", 0.0),
        ("a" * 5_000, "en", 1.0),
    ],
    ids=["arabic", "hebrew", "emoji", "only emoji", "only marks", "one word"],
)
async def test_any_text_comes_to_an_end(store: PromptStore, text: str, language: str, least_s: float) -> None:
    async with asyncio.timeout(DEADLINE_S), store.ready(Say(text=text, language=language)) as audio:
        if audio.growing is not None:
            audio.growing.played_s = float("inf")  # a listener who is ahead of all that is made
            await audio.growing.until(float("inf"))
            assert audio.growing.fault is None
        assert audio.length_s >= least_s


async def test_100_kb_begin_at_once_and_are_not_made_for_nobody(store: PromptStore) -> None:
    text = "Nobody listens to all of this, and so it need not be made. " * 1_750
    async with asyncio.timeout(DEADLINE_S):
        async with store.ready(Say(text=text)) as audio:
            assert not audio.is_whole
            assert audio.growing is not None
            await audio.growing.until(120.0)
            assert audio.length_s < 300.0
        async with store.ready(Say(text="And the next one is spoken.")) as audio:
            assert audio.is_whole
