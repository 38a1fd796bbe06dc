"""Streams at a worker's door: what is asked for and what runs, as JSON there and back, and done to a call that runs."""

import asyncio
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.info import new_id
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.stream_talk import VobizStreams
from offhook.interpreter.control import Control
from offhook.processes.live_streams import LiveStreams, read_running, read_stream, write_stream
from offhook.rest.live_ports import CallIsOver
from offhook.testing import ScriptedCall, ScriptedLines, WebhookStub, follow, run_virtually
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Coding, Method, SoundFormat, Stream, Target, Track

STREAMS = st.builds(
    Stream,
    url=st.just("wss://app.example/"),
    language=st.just("vobiz"),
    stream_id=st.just(32 * "a"),
    is_two_way=st.booleans(),
    is_awaited=st.booleans(),
    track=st.sampled_from(Track),
    sound_format=st.builds(SoundFormat, st.sampled_from(Coding), st.sampled_from((8000, 16_000))),
    most_s=st.floats(1, 86_400),
    told=st.lists(st.tuples(st.text(), st.text()), max_size=3).map(tuple),
    retries=st.integers(0, 10),
    status_target=st.none() | st.builds(Target, st.just("http://app.example/"), st.sampled_from(Method)),
)


@settings(max_examples=40)
@given(STREAMS)
def test_a_stream_goes_through_the_door_whole(stream: Stream) -> None:
    assert read_stream(json.loads(json.dumps(write_stream(stream)))) == stream


def test_a_stream_is_begun_seen_and_ended_on_a_call_that_runs() -> None:
    async def course() -> None:
        control, lines = Control(), ScriptedLines((), ())
        live = LiveStreams(lambda call_id: control if call_id == SOME_CALL.call_id else None)
        following = asyncio.create_task(
            follow(
                ScriptedCall(),
                WebhookStub({"/voice": '<Response><Speak>hello</Speak><Wait length="9"/></Response>'}),
                dialect=Vobiz(),
                control=control,
                stream_lines=lines,
                stream_languages={"vobiz": VobizStreams()},
            )
        )
        await asyncio.sleep(1.0)
        verb = Stream(url="wss://app.example/", language="vobiz", stream_id=new_id())
        call_id = SOME_CALL.call_id
        assert await live.command(call_id, "begin", write_stream(verb)) == {"is_done": True}
        await asyncio.sleep(1.0)
        listed = await live.command(call_id, "list", {})
        [running] = [read_running(one) for one in json.loads(json.dumps(listed))["streams"]]
        assert (running.verb.stream_id, running.is_connected) == (verb.stream_id, True)
        assert await live.command(call_id, "end", {"stream_id": new_id()}) == {"is_done": False}
        assert await live.command(call_id, "end", {"stream_id": verb.stream_id}) == {"is_done": True}
        await asyncio.sleep(0.1)
        assert await live.command(call_id, "list", {}) == {"streams": []}
        assert await live.command(call_id, "end", {"stream_id": None}) == {"is_done": False}
        assert 45 <= len(lines.lines[0].events) <= 55
        await following
        with pytest.raises(CallIsOver):
            await live.command(call_id, "list", {})

    run_virtually(course())
