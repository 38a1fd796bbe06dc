"""A call has exactly one last fact, whatever happens while it is being closed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from offhook.call.facts import CallFinished
from offhook.call.info import CallStatus, Sides
from offhook.call.port import Audio
from offhook.call.recording_facts import RecordingFinished
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.ports import Tapes, Tools
from offhook.interpreter.prompts import PromptStore
from offhook.interpreter.run import run_inbound
from offhook.speech.recognisers import Recognisers
from offhook.testing import ScriptedCall, WebhookStub
from offhook.testing.fake_speech import FakeVoice, SilentDecoder
from offhook.testing.follow import FolderTapes
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.kept_partials import KeptPartials
from offhook.testing.scripted_call import SOME_CALL
from offhook.testing.scripted_taping import ScriptedTaping
from offhook.verbs import Echo, Say

SLOW_S = 0.5
RECORDED = replace(SOME_CALL, record_all=Sides.MIXED)


class SlowDisk(ScriptedCall):
    """Recordings of it take a while until they are whole."""

    @asynccontextmanager
    async def taped(self, path: Path, sides: Sides) -> AsyncIterator[ScriptedTaping]:
        """As ever, and half a second."""
        async with super().taped(path, sides) as taping:
            try:
                yield taping
            finally:
                await asyncio.sleep(SLOW_S)


class Occupied(FolderTapes):
    """Each place is taken by a folder of that name, which cannot be written to, nor removed like a file."""

    def place(self, account_sid: str, recording_id: str) -> tuple[Path, str]:
        """Make the folder."""
        path, name = super().place(account_sid, recording_id)
        path.mkdir()
        return path, name


async def lived(call: ScriptedCall, facts: KeptFacts, folder: Path, tapes: Tapes) -> None:
    """Live through a call that hears itself."""
    prompts = PromptStore(
        fetch=WebhookStub({}), voice=FakeVoice(), decoder=SilentDecoder(), folder=folder / "prompts"
    )
    tools = Tools(
        prompts=prompts,
        recognisers=Recognisers({}, ("fake",)),
        recorder=facts,
        wall_clock=lambda: datetime(2026, 1, 1, tzinfo=UTC),
        apology=Say(text="sorry"),
        apology_tone=Audio(path=folder / "tone.wav", duration_s=0.1),
        finish_grace_s=2.0,
        tapes=tapes,
    )
    await run_inbound(call, FixedProgram(Echo()), tools, KeptPartials())


@pytest.mark.parametrize("stops_after_s", [0.0, SLOW_S / 2])
async def test_a_server_that_stops_while_a_call_is_being_closed_takes_no_last_fact(
    tmp_path: Path, stops_after_s: float
) -> None:
    facts = KeptFacts()
    call = SlowDisk("3.0 hangs up", info=RECORDED)
    life = asyncio.create_task(lived(call, facts, tmp_path, FolderTapes(tmp_path / "recordings")))
    await asyncio.sleep(3.0 + stops_after_s)
    life.cancel()
    await asyncio.wait((life,))
    assert life.cancelled()
    [end] = facts.of(CallFinished)
    assert end.status is CallStatus.COMPLETED
    [recording] = facts.of(RecordingFinished)
    assert recording.duration_s == pytest.approx(3.0)


async def test_a_recording_that_can_neither_be_made_nor_removed_ends_no_call(tmp_path: Path) -> None:
    facts = KeptFacts()
    await lived(
        ScriptedCall("3.0 hangs up", info=RECORDED), facts, tmp_path, Occupied(tmp_path / "recordings")
    )
    [end] = facts.of(CallFinished)
    assert end.status is CallStatus.COMPLETED
    [recording] = facts.of(RecordingFinished)
    assert recording.duration_s == 0
