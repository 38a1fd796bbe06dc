"""In whole calls: keys that are sent, waits for silence and beeps, hang-ups for later, recordings of a session."""

import wave
from pathlib import Path

import pytest

from offhook.call.exchange import Reply
from offhook.call.facts import CallFinished, NotificationRaised
from offhook.call.info import CallStatus
from offhook.call.recording_facts import RecordingFinished, RecordingStarted
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.vobiz.codes import UNUSABLE_URL
from offhook.dialects.vobiz.read import read
from offhook.interpreter.acts import MOST_BESIDE, TOO_MUCH_BESIDE
from offhook.testing import Followed, Page, ScriptedCall, WebhookStub, follow
from offhook.verbs import Document, GatherEnd


class Reader(Rcml):
    """Reads Vobiz XML; what it writes does not matter here."""

    def read(self, reply: Reply) -> Document:
        return read(reply)


async def lived(
    call: ScriptedCall, inside: str, pages: dict[str, Page] | None = None, recordings: Path | None = None
) -> Followed:
    application = WebhookStub({"/voice": f"<Response>{inside}</Response>", **(pages or {})})
    return await follow(call, application, dialect=Reader(instance_id=32 * "0"), recordings=recordings)


class TestKeys:
    async def test_they_are_sent_while_the_next_verb_runs(self) -> None:
        call = ScriptedCall()
        await lived(call, "<DTMF>12W3</DTMF><Speak>hello</Speak><Wait length='5'/>")
        assert call.keys_sent == ["1", "2", "3"]
        assert call.heard[0] == "0.0 hello starts"

    async def test_or_before_it(self) -> None:
        call = ScriptedCall()
        await lived(call, "<DTMF async='false'>12w3</DTMF><Speak>hello</Speak>")
        assert call.keys_sent == ["1", "2", "3"]
        assert call.heard[0] == "1.1 hello starts"

    async def test_no_more_are_sent_once_the_call_is_over(self) -> None:
        call = ScriptedCall("0.5 hangs up")
        done = await lived(call, "<DTMF>123456</DTMF><Wait length='60'/>")
        assert call.keys_sent == ["1", "2"]
        assert done.end.status is CallStatus.COMPLETED


async def test_only_so_much_runs_beside_a_document(tmp_path: Path) -> None:
    done = await lived(
        ScriptedCall(),
        "<Record recordSession='true'/>" * 200
        + "<Hangup schedule='60'/><Wait length='2'/><Speak>hello</Speak>",
        recordings=tmp_path,
    )
    assert len(done.facts.of(RecordingStarted)) == len(done.facts.of(RecordingFinished)) == MOST_BESIDE
    notices = [notice for notice in done.facts.of(NotificationRaised) if notice.code == TOO_MUCH_BESIDE]
    assert [notice.message.split()[0] for notice in notices] == ["Record", "Hangup"]
    assert done.end.status is CallStatus.COMPLETED


class TestHangingUpLater:
    async def test_it_cuts_short_whatever_runs_then(self) -> None:
        call = ScriptedCall()
        done = await lived(call, "<Hangup schedule='7'/><Speak loop='0'>0123456789</Speak>")
        assert call.heard[-1] == "7.0 0123456789 stops"
        assert done.end.duration_s == pytest.approx(7.0)
        assert done.end.status is CallStatus.COMPLETED
        assert done.end.reason == "scheduled_hangup: the document wanted it 7 s before"

    async def test_it_counts_from_its_own_place_and_outlives_its_document(self) -> None:
        call = ScriptedCall()
        page = Page(body="<Response><Wait length='60'/></Response>")
        inside = "<Wait length='2'/><Hangup schedule='3'/><Redirect>http://app.example/next</Redirect>"
        done = await lived(call, inside, {"/next": page})
        # The first Wait lets the call ring.
        assert done.end.duration_s == pytest.approx(3.0)

    async def test_a_call_that_ends_before_knows_nothing_of_it(self) -> None:
        call = ScriptedCall()
        done = await lived(call, "<Hangup schedule='60'/><Wait length='1'/>")
        assert done.end.duration_s == pytest.approx(1.0)
        assert done.end.reason == ""


class TestHangingUpAtOnce:
    @pytest.mark.parametrize(
        ("inside", "status"),
        [
            ("<Hangup/><Speak>never</Speak>", 603),
            ("<Hangup reason='busy'/>", 486),
            ("<Wait length='2'/><Hangup reason='busy'/>", 486),
        ],
    )
    async def test_a_call_that_rings_is_refused(self, inside: str, status: int) -> None:
        call = ScriptedCall()
        done = await lived(call, inside)
        assert (call.rejected_with, call.heard) == (status, [])
        assert done.end.sip_status == status

    @pytest.mark.parametrize("inside", ["<Hangup/>", "<Hangup reason='busy'/>"])
    async def test_one_that_was_answered_is_hung_up(self, inside: str) -> None:
        call = ScriptedCall()
        inside = f"<Speak>hello</Speak>{inside}<Speak>never</Speak>"
        done = await lived(call, inside)
        assert (call.rejected_with, done.end.status) == (None, CallStatus.COMPLETED)
        assert call.heard[-1].endswith("hello ends")


class TestWaiting:
    async def test_for_silence_from_the_beginning(self) -> None:
        call = ScriptedCall()
        await lived(call, "<Wait length='30' silence='true' minSilence='3000'/><Speak>hello</Speak>")
        assert call.heard[0] == "3.0 hello starts"

    async def test_for_silence_after_words(self) -> None:
        call = ScriptedCall("1 says 2", "4 says 3")
        await lived(call, "<Wait length='30' silence='true'/><Speak>hello</Speak>")
        heard_at = float(call.heard[0].split()[0])
        assert heard_at == pytest.approx(9.0, abs=0.2)

    async def test_no_longer_than_it_says(self) -> None:
        call = ScriptedCall("0.5 says 60")
        await lived(call, "<Wait length='10' silence='true'/><Speak>hello</Speak>")
        assert call.heard[0] == "10.0 hello starts"

    async def test_for_a_beep(self) -> None:
        call = ScriptedCall("1 says 2", "5 beeps 0.4")
        await lived(call, "<Wait length='30' beep='true'/><Speak>hello</Speak>")
        heard_at = float(call.heard[0].split()[0])
        assert heard_at == pytest.approx(5.4, abs=0.1)

    async def test_for_a_beep_that_does_not_come(self) -> None:
        call = ScriptedCall("1 says 2", "5 beeps 0.06")
        await lived(call, "<Wait length='10' beep='true'/><Speak>hello</Speak>")
        assert call.heard[0] == "10.0 hello starts"

    async def test_a_hang_up_ends_it(self) -> None:
        call = ScriptedCall("4 hangs up")
        done = await lived(call, "<Wait length='30' beep='true'/><Speak>never</Speak>")
        assert done.end.duration_s == pytest.approx(4.0)


class TestSounds:
    async def test_one_that_cannot_be_had_is_passed_over_and_told(self) -> None:
        call = ScriptedCall()
        inside = "<Play>http://app.example/gone.mp3</Play><Play>gone</Play><Speak>hello</Speak>"
        done = await lived(call, inside)
        assert [line.split()[1] for line in call.heard] == ["hello", "hello"]
        assert done.notifications[0].code == UNUSABLE_URL
        assert done.notifications[1].message.endswith("It was skipped.")
        assert not any(told.is_error for told in done.notifications)

    GATHER = "<Gather action='http://app.example/heard' executionTimeout='5'>{}</Gather><Speak>bye</Speak>"

    async def test_so_is_one_among_the_prompts_of_a_gather(self) -> None:
        call = ScriptedCall("2 key 7", "2.1 key #")
        prompts = "<Play>http://app.example/gone.mp3</Play><Speak>press a key please now</Speak>"
        done = await lived(call, self.GATHER.format(prompts), {"/heard": Page(body="<Response/>")})
        assert call.heard == ["0.0 press a key please now starts", "2.0 press a key please now stops"]
        [told] = done.notifications
        assert (told.is_error, told.message.endswith("It was skipped.")) == (False, True)
        assert done.gathers[0].gathered.keys == "7"

    async def test_a_gather_of_which_none_is_left_waits_for_its_input(self) -> None:
        call = ScriptedCall()
        done = await lived(call, self.GATHER.format("<Play>http://app.example/gone.mp3</Play>"))
        assert done.gathers[0].gathered.end is GatherEnd.NO_INPUT
        assert call.heard[0] == "5.0 bye starts"


class TestSessions:
    async def test_both_sides_are_recorded_while_the_document_goes_on(self, tmp_path: Path) -> None:
        call = ScriptedCall("2 says 1", "7 hangs up")
        inside = (
            "<Record recordSession='true' recordChannelType='stereo'/><Speak>hello</Speak><Wait length='60'/>"
        )
        done = await lived(call, inside, recordings=tmp_path)
        assert call.heard[0] == "0.0 hello starts"
        [began], [ended] = done.facts.of(RecordingStarted), done.facts.of(RecordingFinished)
        assert (began.recording_id, began.channels) == (ended.recording_id, 2)
        assert ended.duration_s == pytest.approx(7.0)
        with wave.open(str(tmp_path / began.file)) as file:
            assert file.getnchannels() == 2
        kinds = [type(fact) for fact in done.facts.facts]
        assert kinds.index(RecordingFinished) < kinds.index(CallFinished)

    async def test_until_its_longest_time_is_over(self, tmp_path: Path) -> None:
        call = ScriptedCall()
        inside = "<Record recordSession='true' maxLength='4'/><Wait length='20'/>"
        done = await lived(call, inside, recordings=tmp_path)
        [ended] = done.facts.of(RecordingFinished)
        assert ended.duration_s == pytest.approx(4.0)
        assert done.end.duration_s == pytest.approx(20.0)

    async def test_a_disk_that_is_full_does_not_touch_the_call(self, tmp_path: Path) -> None:
        call = ScriptedCall("3 fills the disk")
        inside = "<Record recordSession='true'/><Wait length='20'/>"
        done = await lived(call, inside, recordings=tmp_path)
        [ended] = done.facts.of(RecordingFinished)
        assert ended.failure == "the disk is full"
        assert done.end.duration_s == pytest.approx(20.0)
