"""Record, and the recording of whole calls: what the caller does goes in, requests, facts and files come out."""

import wave
from dataclasses import replace
from pathlib import Path

import pytest

from offhook.call.facts import CallFinished
from offhook.call.info import CallStatus, Sides
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.voice_rows import RecordingSource
from offhook.dialects.rcml.callbacks import ProgressCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.testing import Followed, ScriptedCall, WebhookStub, follow
from offhook.testing.scripted_call import SOME_CALL

RCML = Rcml(instance_id=32 * "0", public_url="https://voice.example")
BEEP_S = 0.3


def app(record: str = '<Record action="done"/>') -> WebhookStub:
    return WebhookStub(
        {
            "/voice": f"<Response>{record}<Say>next</Say></Response>",
            "/done": "<Response><Say>thanks</Say></Response>",
        }
    )


async def recorded(call: ScriptedCall, application: WebhookStub, folder: Path) -> Followed:
    return await follow(call, application, dialect=RCML, recordings=folder)


def finished(done: Followed) -> RecordingFinished:
    [fact] = done.facts.of(RecordingFinished)
    return fact


class TestRecord:
    async def test_silence_after_speech_ends_it_and_the_action_is_told_where_it_lies(
        self, tmp_path: Path
    ) -> None:
        call, application = ScriptedCall("1.3 says 2"), app()
        done = await recorded(call, application, tmp_path)
        told = application.posted("/done")
        [began] = done.facts.of(RecordingStarted)
        url = (
            f"https://voice.example/restcomm/2012-04-24/Accounts/{SOME_CALL.account_sid}"
            f"/Recordings/RE{began.recording_id}.wav"
        )
        assert (told["RecordingUrl"], told["PublicRecordingUrl"], told["Digits"]) == (url, url, "")
        # The recording begins after the beep; it ends 5 s after the last sound, at 3.3 s of the call.
        assert float(told["RecordingDuration"]) == pytest.approx(8.0, abs=0.2)
        assert call.heard[:2] == ["0.0 beep starts", "0.3 beep ends"]
        assert call.heard[-1].endswith("thanks ends")
        assert began.source is RecordingSource.RECORD
        with wave.open(str(tmp_path / began.file)) as file:
            assert file.getnframes() / file.getframerate() == pytest.approx(finished(done).duration_s)
        assert finished(done).size_bytes == (tmp_path / began.file).stat().st_size

    async def test_a_recording_without_a_sound_is_none_and_the_next_verb_runs(self, tmp_path: Path) -> None:
        call, application = ScriptedCall(), app()
        done = await recorded(call, application, tmp_path)
        assert [request.target.url for request in application.requests] == ["http://app.example/voice"]
        assert (finished(done).duration_s, list(tmp_path.iterdir())) == (0.0, [])
        assert call.heard[-1] == "5.7 next ends"

    async def test_a_key_ends_it_even_when_nobody_spoke(self, tmp_path: Path) -> None:
        call, application = ScriptedCall("2.3 key 7"), app()
        await recorded(call, application, tmp_path)
        told = application.posted("/done")
        assert (told["Digits"], told["RecordingDuration"]) == ("7", "2.0")
        assert "RecordingUrl" in told

    async def test_only_its_finish_keys_end_it(self, tmp_path: Path) -> None:
        call = ScriptedCall("1 says 1", "2 key 7", "3 key #")
        application = app('<Record action="done" finishOnKey="#"/>')
        await recorded(call, application, tmp_path)
        assert application.posted("/done")["Digits"] == "#"
        assert application.posted("/done")["RecordingDuration"] == "2.7"

    async def test_no_key_ends_it_with_minus_one(self, tmp_path: Path) -> None:
        call = ScriptedCall("1 says 1", "1.5 key #")
        application = app('<Record action="done" finishOnKey="-1" timeout="3"/>')
        await recorded(call, application, tmp_path)
        assert application.posted("/done")["Digits"] == ""

    async def test_the_longest_time_ends_it_in_the_middle_of_a_word(self, tmp_path: Path) -> None:
        call = ScriptedCall("0.5 says 60")
        application = app('<Record action="done" maxLength="10" playBeep="false"/>')
        await recorded(call, application, tmp_path)
        assert application.posted("/done")["RecordingDuration"] == "10.0"
        assert "beep starts" not in " ".join(call.heard)

    async def test_a_caller_who_hangs_up_ends_it_and_the_action_is_asked_all_the_same(
        self, tmp_path: Path
    ) -> None:
        call, application = ScriptedCall("1 says 3", "3.3 hangs up"), app()
        done = await recorded(call, application, tmp_path)
        told = application.posted("/done")
        assert (told["Digits"], told["CallStatus"], told["RecordingDuration"]) == (
            "hangup",
            "completed",
            "3.0",
        )
        kinds = [type(fact) for fact in done.facts.facts]
        assert kinds.index(RecordingFinished) < kinds.index(CallFinished)
        assert done.end.status is CallStatus.COMPLETED

    async def test_who_hangs_up_during_the_beep_leaves_no_recording(self, tmp_path: Path) -> None:
        call, application = ScriptedCall("0.1 hangs up"), app()
        done = await recorded(call, application, tmp_path)
        told = application.posted("/done")
        assert (told["Digits"], told["RecordingDuration"]) == ("hangup", "0.0")
        assert "RecordingUrl" not in told
        assert done.facts.of(RecordingStarted) == []

    async def test_a_full_disk_ends_the_recording_with_a_notification_and_keeps_the_call(
        self, tmp_path: Path
    ) -> None:
        call, application = ScriptedCall("0.5 says 20", "4.3 fills the disk"), app()
        done = await recorded(call, application, tmp_path)
        assert finished(done).failure == "the disk is full"
        assert application.posted("/done")["RecordingDuration"] == "4.0"
        [notification] = done.notifications
        assert "the disk is full" in notification.message
        assert call.heard[-1].endswith("thanks ends")
        assert done.end.status is CallStatus.COMPLETED

    async def test_a_folder_that_cannot_be_made_is_told_and_the_call_goes_on(self, tmp_path: Path) -> None:
        (tmp_path / "recordings").write_text("a file is in the way")
        call, application = ScriptedCall("0.5 says 1"), app()
        done = await recorded(call, application, tmp_path / "recordings")
        assert "folder cannot be made" in done.notifications[0].message
        assert call.heard[-1].endswith("next ends")


class TestTranscription:
    async def test_the_words_are_asked_for_once_the_recording_is_whole(self, tmp_path: Path) -> None:
        application = app('<Record action="done" transcribeCallback="words" language="de-DE"/>')
        done = await recorded(ScriptedCall("1.3 says 2"), application, tmp_path)
        [asked] = done.facts.of(TranscriptionAsked)
        kinds = [type(fact) for fact in done.facts.facts]
        assert kinds.index(RecordingFinished) < kinds.index(TranscriptionAsked)
        assert asked.recording_id == finished(done).recording_id
        assert (asked.language, asked.provider) == ("de-DE", "fake")
        assert asked.callback is not None
        assert asked.callback.url == "http://app.example/words"
        assert dict(asked.callback_parameters)["CallSid"] == f"ID{32 * '0'}-CA{SOME_CALL.call_id}"

    async def test_nothing_is_asked_for_an_empty_recording(self, tmp_path: Path) -> None:
        application = app('<Record action="done" transcribe="true"/>')
        done = await recorded(ScriptedCall(), application, tmp_path)
        assert done.facts.of(TranscriptionAsked) == []


class TestWholeCalls:
    @pytest.mark.parametrize(("sides", "channels"), [(Sides.MIXED, 1), (Sides.STEREO, 2)])
    async def test_a_call_is_recorded_from_its_answer_to_its_end(
        self, tmp_path: Path, sides: Sides, channels: int
    ) -> None:
        info = replace(SOME_CALL, record_all=sides)
        call = ScriptedCall("7 hangs up", info=info)
        application = WebhookStub(
            {"/voice": "<Response><Say>0123456789</Say><Pause length='60'/></Response>"}
        )
        done = await follow(call, application, dialect=RCML, recordings=tmp_path)
        [began] = done.facts.of(RecordingStarted)
        assert (began.source, began.channels) == (RecordingSource.WHOLE_CALL, channels)
        assert finished(done).duration_s == pytest.approx(7.0)
        with wave.open(str(tmp_path / began.file)) as file:
            assert file.getnchannels() == channels
            assert file.getnframes() / file.getframerate() == pytest.approx(7.0)
        kinds = [type(fact) for fact in done.facts.facts]
        assert kinds.index(RecordingFinished) < kinds.index(CallFinished)

    async def test_the_last_status_callback_tells_of_it(self, tmp_path: Path) -> None:
        info = replace(SOME_CALL, record_all=Sides.MIXED)
        call = ScriptedCall("1 rings", "2 answers", info=info)
        application = WebhookStub({"/voice": "<Response><Say>hello</Say></Response>"})
        events = frozenset({"answered", "completed"})
        done = await follow(
            call,
            application,
            dialect=RCML,
            recordings=tmp_path,
            is_dialled=True,
            status_callback=lambda: ProgressCallback(RCML, application.target("/states"), events),
        )
        [last] = done.end.callbacks
        told = dict(last.parameters)
        assert told["RecordingSid"] == f"RE{finished(done).recording_id}"
        assert told["RecordingUrl"].endswith(f"/Recordings/{told['RecordingSid']}.wav")
        assert told["RecordingDuration"] == "0.5"

    async def test_a_call_that_nobody_answered_is_not_recorded(self, tmp_path: Path) -> None:
        info = replace(SOME_CALL, record_all=Sides.MIXED)
        application = WebhookStub({"/voice": "<Response><Reject/></Response>"})
        done = await follow(ScriptedCall(info=info), application, dialect=RCML, recordings=tmp_path)
        assert done.facts.of(RecordingStarted) == []
