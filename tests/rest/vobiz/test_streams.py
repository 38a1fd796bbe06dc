"""Streams of live calls: begun, shown, ended, and all that is wrong with a request for one."""

import uuid
from typing import Any

from offhook.rest.live_ports import CallIsOver, CallNotAnswered, OwnerAway
from offhook.verbs import Coding, Method, SoundFormat, Stream, Target, Track
from tests.rest.site import Site
from tests.rest.vobiz.asking import UUID, ask, over, refused, running, told

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
    for method, body in (("POST", {"service_url": SERVICE}), ("GET", None)):
        assert (await refused(site, PATH, method, body))[0] == 404
    assert (await ask(site, PATH, "DELETE")).status_code == 204


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
