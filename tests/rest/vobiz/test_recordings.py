"""Recordings: lists, one, its sound, deletion."""

import base64
import uuid
from pathlib import Path

import pytest

from offhook.call.rows import AccountRow
from offhook.records.database import Database
from tests.records import story
from tests.rest.site import Site
from tests.rest.test_recordings import CALL, Shelf
from tests.rest.vobiz.asking import ask, over, refused, told


@pytest.fixture
def shelf(database: Database, account: AccountRow, tmp_path: Path) -> Shelf:
    return Shelf(Site(database, account, recordings=tmp_path), tmp_path)


def named(sid: str) -> str:
    return str(uuid.UUID(sid.removeprefix("RE")))


async def test_one_is_shown(shelf: Shelf) -> None:
    site = shelf.site
    over(site, CALL)
    name = named(shelf.keep(2.5))
    said = await told(site, f"/Recording/{name}/")
    began_ms = round(story.NOON.timestamp() * 1000)
    assert said["recording_id"] == name
    assert said["call_uuid"] == str(uuid.UUID(CALL))
    assert (said["from_number"], said["to_number"]) == ("+15550001", "+15550002")
    assert said["add_time"] == "2026-03-09 12:00:00.000000+00:00"
    assert said["recording_duration_ms"] == "2500.00000"
    assert said["recording_start_ms"] == f"{began_ms}.00000"
    assert said["recording_end_ms"] == f"{began_ms + 2500}.00000"
    assert said["rounded_recording_duration"] == 60
    assert (
        said["recording_url"] == f"https://voice.example/v1/Account/{site.account.sid}/Recording/{name}.mp3"
    )
    assert said["conference_name"] is None


async def test_they_are_listed_and_narrowed(shelf: Shelf) -> None:
    site = shelf.site
    over(site, CALL, from_="+15559999")
    first, second = named(shelf.keep(at_s=0)), named(shelf.keep(at_s=60, call_id="b" * 32))

    async def ids(query: str) -> list[str]:
        said = await told(site, f"/Recording/?{query}")
        assert said["meta"]["total_count"] >= len(said["objects"])
        return [row["recording_id"] for row in said["objects"]]

    assert await ids("") == [second, first]
    assert await ids("limit=1&offset=1") == [first]
    assert await ids(f"call_uuid={uuid.UUID(CALL)}") == [first]
    assert await ids("call_uuid=nonsense") == []
    assert await ids("from_number=15559999") == [first]
    assert await ids("to_number=1") == []
    assert await ids("add_time__gte=2026-03-09 12:01") == [second]
    assert await ids("add_time__gt=2026-03-09 12:01:00") == []
    assert await ids("add_time__lt=2026-03-09 12:01:00") == [first]
    assert await ids("add_time__lte=2026-03-09 12:01:00") == [second, first]
    assert await ids("conference_name=team") == []
    assert (await refused(site, "/Recording/?add_time__gt=soon"))[0] == 400
    assert (await refused(site, "/Recording/?add_time__gt=2026-02-31"))[0] == 400


@pytest.mark.parametrize(("suffix", "kind"), [("wav", "audio/wav"), ("mp3", "audio/mpeg")])
async def test_its_sound_needs_the_headers(shelf: Shelf, suffix: str, kind: str) -> None:
    name = named(shelf.keep(0.5))
    answer = await ask(shelf.site, f"/Recording/{name}.{suffix}", under="/v1")
    assert (answer.status_code, answer.headers["content-type"]) == (200, kind)
    assert len(answer.content) > 500
    assert (await refused(shelf.site, f"/Recording/{name}.{suffix}", token="wrong"))[0] == 401
    assert (await refused(shelf.site, f"/Recording/{name}.{suffix}", headers={}))[0] == 401
    basic = base64.b64encode(f"{shelf.site.account.sid}:{shelf.site.account.auth_token}".encode()).decode()
    answer = await ask(shelf.site, f"/Recording/{name}.{suffix}", headers={"authorization": f"Basic {basic}"})
    assert answer.status_code == 200


async def test_its_sound_may_be_open(database: Database, account: AccountRow, tmp_path: Path) -> None:
    site = Site(database, account, recordings=tmp_path, recordings_are_open=True)
    name = named(Shelf(site, tmp_path).keep(0.5))
    for owner in (account.sid, account.auth_id):
        answer = await ask(site, f"/Recording/{name}.wav", owner=owner, headers={})
        assert answer.status_code == 200
    assert (await refused(site, f"/Recording/{name}.wav", token="wrong"))[0] == 401


async def test_one_is_deleted(shelf: Shelf) -> None:
    sid = shelf.keep()
    answer = await ask(shelf.site, f"/Recording/{named(sid)}/", "DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await refused(shelf.site, f"/Recording/{named(sid)}/"))[0] == 404
    assert list(shelf.folder.rglob("*.wav")) == []


async def test_one_that_is_being_made_or_anothers(shelf: Shelf) -> None:
    name = named(shelf.keep(is_over=False))
    assert (await refused(shelf.site, f"/Recording/{name}/", "DELETE"))[0] == 409
    assert (await refused(shelf.site, f"/Recording/{name}.wav"))[0] == 409
    other = story.account(shelf.site.database)
    theirs = named(shelf.keep(owner=other.sid))
    for path in (f"/Recording/{theirs}/", f"/Recording/{theirs}.wav", "/Recording/x/", "/Recording/x.mp3"):
        assert (await refused(shelf.site, path))[0] == 404
