"""Streams of live calls: begun, shown, ended, and all that is wrong with a request for one."""

import uuid
from typing import Any

from offhook.call.info import CallInfo, Direction
from offhook.interpreter.stream_record import stream_ran
from offhook.rest.live_ports import CallIsOver, CallNotAnswered, OwnerAway
from offhook.verbs import Coding, Method, SoundFormat, Stream, Streamed, StreamEnd, Target, Track
from tests.records.story import after
from tests.rest.site import Site
from tests.rest.vobiz.asking import CALL, UUID, ask, over, refused, running, told

SERVICE = "wss://app.example/audio"
PATH = f"/Call/{UUID}/Stream/"


async def begun(site: Site, **body: Any) -> Stream:
    said = await told(site, PATH, "POST", {"service_url": SERVICE, **body}, status=202)
    assert said["message"] == "audio streaming started"
    verb = site.lines.running_streams[-1].verb
    assert uuid.UUID(said["stream_id"]).hex == verb.stream_id
    return verb


async def test_a_stream_with_nothing_said_and_with_all_that_can_be(site: Site) -> None:
    running(site)
    verb = await begun(site)
    assert verb == Stream(url=SERVICE, language="vobiz", stream_id=verb.stream_id)
    verb = await begun(
        site,
        bidirectional="true",
        audio_track="inbound",
        content_type="audio/x-mulaw;rate=8000",
        stream_timeout="60",
        extra_headers="a=1,b=two",
        max_retries=99,
        status_callback_url="http://app.example/status",
        status_callback_method="GET",
    )
    assert verb == Stream(
        url=SERVICE,
        language="vobiz",
        stream_id=verb.stream_id,
        is_two_way=True,
        track=Track.INBOUND,
        sound_format=SoundFormat(Coding.MU_LAW),
        most_s=60.0,
        told=(("a", "1"), ("b", "two")),
        retries=10,
        status_target=Target("http://app.example/status", Method.GET),
    )


async def test_streams_are_listed_shown_and_ended_one_by_one_or_all(site: Site) -> None:
    running(site)
    verbs = [await begun(site, audio_track="both") for _ in range(3)]
    names = [str(uuid.UUID(verb.stream_id)) for verb in verbs]
    listed = await told(site, PATH)
    assert [one["stream_id"] for one in listed["objects"]] == names
    assert listed["meta"]["total_count"] == 3
    one = await told(site, f"{PATH}{names[1]}/")
    assert (one["service_url"], one["audio_track"], one["status"]) == (SERVICE, "both", "connected")
    assert (one["call_uuid"], one["bidirectional"]) == (UUID, False)
    assert one["resource_uri"].endswith(f"/Call/{UUID}/Stream/{names[1]}/")
    assert (await ask(site, f"{PATH}{names[1]}", "DELETE")).status_code == 204
    assert (await refused(site, f"{PATH}{names[1]}/"))[0] == 404
    assert (await refused(site, f"{PATH}{names[1]}/", "DELETE"))[0] == 404
    assert (await ask(site, PATH, "DELETE")).status_code == 204
    assert (await told(site, PATH))["objects"] == []
    assert (await ask(site, PATH, "DELETE")).status_code == 204


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"service_url": ""}, "service_url"),
    ({"service_url": "https://app.example/"}, "ws or wss"),
    ({"bidirectional": True, "audio_track": "both"}, "audio_track"),
    ({"bidirectional": "perhaps"}, "bidirectional"),
    ({"audio_track": "sideways"}, "audio_track"),
    ({"content_type": "audio/mpeg"}, "content_type"),
    ({"stream_timeout": 0}, "stream_timeout"),
    ({"stream_timeout": "long"}, "stream_timeout"),
    ({"extra_headers": "a"}, "extra_headers"),
    ({"extra_headers": "a=" + 600 * "x"}, "512"),
    ({"status_callback_url": "ftp://app.example/"}, "status_callback_url"),
]


async def test_what_cannot_be_is_refused_in_words(site: Site) -> None:
    running(site)
    for body, words in WRONG:
        status, said = await refused(site, PATH, "POST", {"service_url": SERVICE, **body})
        assert (status, words in said) == (400, True), (body, said)
    assert site.lines.running_streams == []


async def test_calls_that_are_not_there_or_over_have_no_streams(site: Site) -> None:
    for method, body in (("POST", {"service_url": SERVICE}), ("GET", None)):
        assert (await refused(site, PATH, method, body))[0] == 404
    over(site)
    assert (await refused(site, PATH, "POST", {"service_url": SERVICE}))[0] == 404
    assert (await told(site, PATH))["objects"] == []
    assert (await ask(site, PATH, "DELETE")).status_code == 204


def ended(
    site: Site, stream_id: str, end_s: float, verb: Stream, call_id: str = CALL, **streamed: Any
) -> None:
    """Keep a stream of the call that is over."""
    info = CallInfo(
        call_id=call_id,
        account_sid=site.account.sid,
        direction=Direction.INBOUND,
        from_="+15550001",
        to="+15550002",
        created_at=after(0),
    )
    end = streamed.pop("end", StreamEnd.APPLICATION)
    came = Streamed(stream_id=stream_id, end=end, duration_s=20.6, **streamed)
    site.record(stream_ran(verb, came, info, after(end_s)))


async def test_streams_that_are_over_are_shown_too(site: Site) -> None:
    running(site)
    verb = Stream(
        url="wss://ada:secret@app.example/audio?call=7",
        language="vobiz",
        is_two_way=True,
        sound_format=SoundFormat(Coding.LINEAR, 16_000),
        most_s=60.0,
        told=(("key", "theirs"),),
        status_target=Target("http://app.example/status", Method.GET),
    )
    ended(site, 32 * "1", 25.6, verb)
    ended(site, 32 * "2", 40.0, verb, end=StreamEnd.BROKEN, failure="nobody was there")
    ended(site, 32 * "3", 41.0, verb, call_id=32 * "f")
    live = await begun(site)
    listed = await told(site, PATH)
    names = [str(uuid.UUID(name)) for name in (live.stream_id, 32 * "2", 32 * "1")]
    assert [one["stream_id"] for one in listed["objects"]] == names
    assert [one["status"] for one in listed["objects"]] == ["connected", "failed", "stopped"]
    assert listed["objects"][1]["error"] == "nobody was there"
    for number, name in enumerate(names):
        part = await told(site, f"{PATH}?limit=1&offset={number}")
        assert [one["stream_id"] for one in part["objects"]] == [name]
        assert part["meta"]["total_count"] == 3
    assert (await refused(site, f"{PATH}?limit=0"))[0] == 400
    one = await told(site, f"{PATH}{names[2]}/")
    assert "secret" not in str(one)
    assert "theirs" not in str(one)
    assert {name: one[name] for name in one if name not in ("api_id", "resource_uri", "plivo_auth_id")} == {
        "stream_id": names[2],
        "call_uuid": UUID,
        "service_url": "wss://app.example/audio?call=7",
        "bidirectional": True,
        "audio_track": "inbound",
        "content_type": "audio/x-l16;rate=16000",
        "stream_timeout": 60,
        "extra_headers": "",
        "status": "stopped",
        "error": "",
        "status_callback_url": "http://app.example/status",
        "status_callback_method": "GET",
        "start_time": "2026-03-09 12:00:05.000000+00:00",
        "created_at": "2026-03-09 12:00:05.000000+00:00",
        "end_time": "2026-03-09 12:00:25.600000+00:00",
        "bill_duration": 21,
        "rounded_bill_duration": 60,
        "billed_amount": "0.00000",
    }
    assert (await refused(site, f"{PATH}{uuid.UUID(32 * '3')}/"))[0] == 404
    assert (await refused(site, f"{PATH}{names[2]}/", "DELETE"))[0] == 404


async def test_what_the_worker_cannot_do_is_told(site: Site) -> None:
    running(site)
    for _ in range(8):
        await begun(site)
    assert (await refused(site, PATH, "POST", {"service_url": SERVICE}))[0] == 409
    for refusal, status in (
        (CallIsOver("over"), 404),
        (CallNotAnswered("rings"), 409),
        (OwnerAway("away"), 409),
    ):
        site.lines.refusal = refusal
        assert (await refused(site, PATH, "POST", {"service_url": SERVICE}))[0] == status
