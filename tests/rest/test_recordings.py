"""Recordings and transcriptions over REST: lists, media, deletion, and whom they are handed out to."""

import io
import os
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import httpx2
import pytest
import soundfile

from offhook.call.facts import Fact
from offhook.call.info import new_id
from offhook.call.recording_facts import RecordingFinished, RecordingStarted, TranscriptionAsked
from offhook.call.rows import AccountRow, RecordAll
from offhook.call.voice_rows import RecordingSource
from offhook.records.database import Database
from offhook.rest.sounds import MAKING_MP3, MOST_MP3
from offhook.speech.wav import wav_header
from tests.records import story
from tests.rest.site import Site

CALL = 32 * "a"
SID = f"ID{story.INSTANCE}-CA{CALL}"
SECOND = 16_000


@dataclass
class Shelf:
    """Recordings of a site, and the folder where they lie."""

    site: Site
    folder: Path

    def keep(
        self,
        seconds: float = 5.0,
        *,
        at_s: float = 0,
        owner: str | None = None,
        call_id: str | None = CALL,
        is_over: bool = True,
    ) -> str:
        """Keep a recording; returns its sid."""
        owner, id = owner or self.site.account.sid, new_id()
        file = f"{owner}/RE{id}.wav"
        path = self.folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        pcm = os.urandom(round(seconds * SECOND))
        path.write_bytes(wav_header(len(pcm)) + pcm)
        facts: list[Fact] = [
            RecordingStarted(
                recording_id=id,
                account_sid=owner,
                at=story.after(at_s),
                source=RecordingSource.RECORD,
                file=file,
                call_id=call_id,
            )
        ]
        if is_over:
            facts.append(
                RecordingFinished(
                    recording_id=id,
                    account_sid=owner,
                    at=story.after(at_s + seconds),
                    duration_s=seconds,
                    size_bytes=path.stat().st_size,
                )
            )
        self.site.record(*facts)
        return f"RE{id}"

    def transcribe(self, sid: str, *, at_s: float = 60) -> str:
        """Ask for the words of a recording; returns the sid."""
        id = new_id()
        self.site.record(
            TranscriptionAsked(
                transcription_id=id,
                recording_id=sid[2:],
                account_sid=self.site.account.sid,
                call_id=CALL,
                at=story.after(at_s),
                provider="embedded",
                language="en-US",
                duration_s=5.0,
            )
        )
        return f"TR{id}"

    def file(self, sid: str) -> Path:
        """Where a recording of the account lies."""
        return self.folder / self.site.account.sid / f"{sid}.wav"

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """Ask for something below the account."""
        return await self.site.ask(self.site.at(path), headers=headers)


@pytest.fixture
def shelf_of(database: Database, account: AccountRow, tmp_path: Path) -> Callable[[bool], Shelf]:
    def make(are_open: bool) -> Shelf:
        folder = tmp_path / "recordings"
        site = Site(database, account, recordings=folder, recordings_are_open=are_open)
        site.record(story.started(account.sid, CALL), story.finished(account.sid, CALL, story.after(60)))
        return Shelf(site, folder)

    return make


@pytest.fixture
def shelf(shelf_of: Callable[[bool], Shelf]) -> Shelf:
    return shelf_of(False)


class TestLists:
    async def test_a_recording_is_shown_as_documented(self, shelf: Shelf) -> None:
        sid = shelf.keep(5.0)
        account = shelf.site.account.sid
        shown = await shelf.site.json(shelf.site.at(f"/Recordings/{sid}"))
        assert shown == {
            "sid": sid,
            "date_created": "Mon, 9 Mar 2026 12:00:00 +0000",
            "date_updated": "Mon, 9 Mar 2026 12:00:05 +0000",
            "account_sid": account,
            "call_sid": SID,
            "duration": "5.0",
            "channels": 1,
            "source": "record",
            "status": "completed",
            "api_version": "2012-04-24",
            "uri": f"/2012-04-24/Accounts/{account}/Recordings/{sid}.json",
            "file_uri": f"https://voice.example/restcomm/2012-04-24/Accounts/{account}/Recordings/{sid}.wav",
        }

    async def test_the_list_is_paged_and_newest_first(self, shelf: Shelf) -> None:
        sids = [shelf.keep(1.0, at_s=at_s) for at_s in (0, 10, 20)]
        page = await shelf.site.json(shelf.site.at("/Recordings?PageSize=2"))
        assert [item["sid"] for item in page["recordings"]] == [sids[2], sids[1]]
        assert page["total"] == 3

    async def test_it_can_be_narrowed_and_sorted(self, shelf: Shelf) -> None:
        sids = [shelf.keep(seconds, at_s=at_s) for seconds, at_s in ((3.0, 0.0), (1.0, 10.0), (2.0, 20.0))]
        cases: dict[str, tuple[int, ...]] = {
            "StartTime=2026-03-09T12:00:05": (2, 1),
            "EndTime=2026-03-09T12:00:05": (0,),
            "DateCreated=2026-03-09T12:00:15": (2,),
            f"CallSid={SID}": (2, 1, 0),
            f"CallSid=ID{story.INSTANCE}-CA{32 * 'b'}": (),
            "CallSid=nonsense": (),
            "SortBy=Duration": (1, 2, 0),
            "SortBy=Duration:desc": (0, 2, 1),
            "SortBy=DateCreated": (0, 1, 2),
        }
        for query, places in cases.items():
            page = await shelf.site.json(shelf.site.at(f"/Recordings?{query}"))
            assert [item["sid"] for item in page["recordings"]] == [sids[place] for place in places], query

    @pytest.mark.parametrize(
        ("query", "word"), [("SortBy=Colour", "SortBy"), ("StartTime=yesterday", "StartTime")]
    )
    async def test_what_cannot_be_is_told(self, shelf: Shelf, query: str, word: str) -> None:
        answer = await shelf.get(f"/Recordings?{query}", accept="application/json")
        assert answer.status_code == 400
        assert word in answer.json()["message"]

    async def test_those_of_sub_accounts_come_with_SubAccounts(self, shelf: Shelf) -> None:
        own = shelf.keep(1.0)
        below = story.account(shelf.site.database, parent_sid=shelf.site.account.sid)
        theirs = shelf.keep(1.0, owner=below.sid, call_id=None, at_s=5)
        page = await shelf.site.json(shelf.site.at("/Recordings"))
        assert [item["sid"] for item in page["recordings"]] == [own]
        page = await shelf.site.json(shelf.site.at("/Recordings?SubAccounts=true"))
        assert [item["sid"] for item in page["recordings"]] == [theirs, own]

    async def test_the_recordings_of_a_call_are_a_bare_array(self, shelf: Shelf) -> None:
        sid = shelf.keep(1.0)
        shelf.keep(1.0, call_id=32 * "b")
        found = await shelf.site.json(shelf.site.at(f"/Calls/{SID}/Recordings"))
        assert [item["sid"] for item in found] == [sid]
        xml = (await shelf.get(f"/Calls/{SID}/Recordings")).text
        assert "<Recordings><Recording>" in xml
        missing = await shelf.get(f"/Calls/ID{story.INSTANCE}-CA{32 * 'f'}/Recordings")
        assert missing.status_code == 404


class TestMedia:
    async def test_the_wav_is_handed_out_whole_and_in_parts(self, shelf: Shelf) -> None:
        sid = shelf.keep(1.0)
        whole = await shelf.get(f"/Recordings/{sid}.wav")
        assert (whole.status_code, whole.headers["content-type"]) == (200, "audio/wav")
        assert whole.content == shelf.file(sid).read_bytes()
        part = await shelf.get(f"/Recordings/{sid}.wav", range="bytes=44-143")
        assert (part.status_code, part.headers["content-range"]) == (206, "bytes 44-143/16044")
        assert part.content == whole.content[44:144]
        head = await shelf.site.ask(shelf.site.at(f"/Recordings/{sid}.wav"), method="HEAD")
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "16044", b"")

    async def test_mp3_is_made_when_it_is_asked_for(self, shelf: Shelf) -> None:
        sid = shelf.keep(2.0)
        answer = await shelf.get(f"/Recordings/{sid}.mp3")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
        sound, rate = soundfile.read(io.BytesIO(answer.content))
        assert len(sound) / rate == pytest.approx(2.0, abs=0.2)

    async def test_only_a_few_mp3s_are_made_at_once(self, shelf: Shelf) -> None:
        sid = shelf.keep()
        with ExitStack() as others:
            for _ in range(MOST_MP3):
                others.enter_context(MAKING_MP3)
            answer = await shelf.get(f"/Recordings/{sid}.mp3")
            assert (answer.status_code, answer.headers["retry-after"]) == (429, "5")
            assert (await shelf.get(f"/Recordings/{sid}.wav")).status_code == 200
        assert (await shelf.get(f"/Recordings/{sid}.mp3")).status_code == 200

    async def test_there_is_no_video(self, shelf: Shelf) -> None:
        answer = await shelf.get(f"/Recordings/{shelf.keep()}.mp4")
        assert answer.status_code == 404
        assert ".wav or .mp3" in answer.text

    async def test_one_that_is_being_made_is_not_there_yet(self, shelf: Shelf) -> None:
        sid = shelf.keep(1.0, is_over=False)
        for suffix in (".wav", ".mp3"):
            answer = await shelf.get(f"/Recordings/{sid}{suffix}")
            assert answer.status_code == 409
            assert "being made now" in answer.text
        assert (await shelf.site.json(shelf.site.at(f"/Recordings/{sid}")))["status"] == "in-progress"

    @pytest.mark.parametrize("suffix", ["", ".wav", ".mp3"])
    async def test_another_accounts_is_not_found(self, shelf: Shelf, suffix: str) -> None:
        sid = shelf.keep()
        other = story.account(shelf.site.database)
        theirs = shelf.site.at(f"/Recordings/{sid}{suffix}", account=other.sid)
        assert (await shelf.site.ask(theirs, user=other)).status_code == 404
        ours = shelf.site.at(f"/Recordings/{sid}{suffix}")
        assert (await shelf.site.ask(ours, user=other)).status_code == 404

    async def test_nobody_is_handed_one_without_signing_in(self, shelf: Shelf) -> None:
        path = shelf.site.at(f"/Recordings/{shelf.keep()}.wav")
        assert (await shelf.site.ask(path, auth=("nobody", "x"))).status_code == 401
        assert (await _unsigned(shelf.site, path)).status_code == 401

    async def test_old_scripts_may_fetch_without_where_the_operator_says_so(
        self, shelf_of: Callable[[bool], Shelf]
    ) -> None:
        shelf = shelf_of(True)
        sid = shelf.keep()
        assert (await _unsigned(shelf.site, shelf.site.at(f"/Recordings/{sid}.wav"))).status_code == 200
        assert (await _unsigned(shelf.site, shelf.site.at(f"/Recordings/{sid}.mp3"))).status_code == 200
        assert (await _unsigned(shelf.site, shelf.site.at(f"/Recordings/{sid}"))).status_code == 401
        wrong = shelf.site.at(f"/Recordings/{sid}.wav", account="AC" + 32 * "0")
        assert (await _unsigned(shelf.site, wrong)).status_code == 404

    @pytest.mark.parametrize("name", ["..%2f..%2fsecret.key", "RE..", "%2e%2e", "RE" + 32 * "g"])
    async def test_no_path_leads_out_of_the_folder(self, shelf: Shelf, name: str) -> None:
        (shelf.folder.parent / "secret.key").write_text("secret")
        answer = await shelf.get(f"/Recordings/{name}.wav")
        assert answer.status_code == 404
        assert answer.text != "secret"

    async def test_a_row_that_names_a_file_outside_hands_nothing_out(self, shelf: Shelf) -> None:
        (shelf.folder.parent / "secret.wav").write_text("secret")
        owner, id = shelf.site.account.sid, new_id()
        shelf.site.record(
            RecordingStarted(
                recording_id=id,
                account_sid=owner,
                at=story.NOON,
                source=RecordingSource.RECORD,
                file="../secret.wav",
                call_id=CALL,
            ),
            RecordingFinished(
                recording_id=id, account_sid=owner, at=story.NOON, duration_s=1.0, size_bytes=6
            ),
        )
        assert (await shelf.get(f"/Recordings/RE{id}.wav")).status_code == 404
        assert (
            await shelf.site.ask(shelf.site.at(f"/Recordings/RE{id}"), method="DELETE")
        ).status_code == 200
        assert (shelf.folder.parent / "secret.wav").exists()

    async def test_a_file_that_is_gone_is_told(self, shelf: Shelf) -> None:
        sid = shelf.keep()
        shelf.file(sid).unlink()
        answer = await shelf.get(f"/Recordings/{sid}.wav")
        assert answer.status_code == 404
        assert "file of recording" in answer.text


class TestDeletion:
    async def test_with_a_recording_go_its_file_and_its_words(self, shelf: Shelf) -> None:
        sid = shelf.keep()
        words = shelf.transcribe(sid)
        answer = await shelf.site.ask(shelf.site.at(f"/Recordings/{sid}"), method="DELETE")
        assert answer.status_code == 200
        assert not shelf.file(sid).exists()
        for gone in (f"/Recordings/{sid}", f"/Recordings/{sid}.wav", f"/Transcriptions/{words}"):
            assert (await shelf.get(gone)).status_code == 404
        again = await shelf.site.ask(shelf.site.at(f"/Recordings/{sid}"), method="DELETE")
        assert again.status_code == 404

    async def test_one_that_is_being_made_stays(self, shelf: Shelf) -> None:
        sid = shelf.keep(is_over=False)
        answer = await shelf.site.ask(shelf.site.at(f"/Recordings/{sid}"), method="DELETE")
        assert answer.status_code == 409
        assert shelf.file(sid).exists()


class TestWholeCalls:
    @pytest.mark.parametrize(
        ("of_account", "form", "recorded"),
        [
            (None, {}, None),
            (None, {"Record": "true"}, RecordAll.MONO),
            (None, {"RecordAll": "stereo"}, RecordAll.STEREO),
            (RecordAll.STEREO, {}, RecordAll.STEREO),
            (RecordAll.STEREO, {"RecordAll": "none"}, RecordAll.NONE),
        ],
    )
    async def test_a_new_call_is_recorded_as_it_says_or_else_as_its_account_does(
        self,
        database: Database,
        of_account: RecordAll | None,
        form: dict[str, str],
        recorded: RecordAll | None,
    ) -> None:
        site = Site(database, story.account(database, record_all=of_account))
        wanted = {"From": "+15550001", "To": "+15550002", "Url": "http://app.example/voice", **form}
        answer = await site.ask(site.at("/Calls"), method="POST", form=wanted)
        assert answer.status_code == 200
        assert site.lines.placed[0].record_all is recorded


class TestTranscriptions:
    async def test_they_are_listed_shown_and_deleted(self, shelf: Shelf) -> None:
        recording = shelf.keep()
        sids = [shelf.transcribe(recording, at_s=at_s) for at_s in (60, 70)]
        page = await shelf.site.json(shelf.site.at("/Transcriptions"))
        assert [item["sid"] for item in page["transcriptions"]] == [sids[1], sids[0]]
        page = await shelf.site.json(shelf.site.at("/Transcriptions?StartTime=2026-03-09T12:01:05"))
        assert [item["sid"] for item in page["transcriptions"]] == [sids[1]]
        account = shelf.site.account.sid
        assert await shelf.site.json(shelf.site.at(f"/Transcriptions/{sids[0]}")) == {
            "sid": sids[0],
            "date_created": "Mon, 9 Mar 2026 12:01:00 +0000",
            "date_updated": "Mon, 9 Mar 2026 12:01:00 +0000",
            "account_sid": account,
            "status": "in-progress",
            "recording_sid": recording,
            "duration": "5.0",
            "transcription_text": "",
            "language": "en-US",
            "provider": "embedded",
            "api_version": "2012-04-24",
            "uri": f"/2012-04-24/Accounts/{account}/Transcriptions/{sids[0]}.json",
        }
        gone = await shelf.site.ask(shelf.site.at(f"/Transcriptions/{sids[0]}"), method="DELETE")
        assert gone.status_code == 200
        assert (await shelf.get(f"/Transcriptions/{sids[0]}")).status_code == 404
        assert shelf.file(recording).exists()


async def _unsigned(site: Site, path: str) -> httpx2.Response:
    transport = httpx2.ASGITransport(app=site.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://offhook.example") as client:
        return await client.get(path)
