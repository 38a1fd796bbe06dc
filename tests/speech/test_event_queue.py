"""Events on their way: in order, finals all of them, and of partials that wait only the newest."""

import asyncio
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.interpreter.gather_events import KeyPressed
from offhook.interpreter.inbox import Inbox
from offhook.speech.recogniser import Final, Partial, SpeechEnded, SpeechEvent, SpeechStarted
from offhook.vendors.streamed import StreamedRecognition

EVENTS = st.lists(
    st.builds(Partial, st.sampled_from("abc"))
    | st.builds(Final, st.sampled_from("xyz"))
    | st.just(SpeechStarted())
)
RUNS = st.lists(EVENTS, max_size=6)
"""What is told at once; whoever listens is there only between two of them."""
Way = Callable[[Sequence[Sequence[SpeechEvent]]], list[SpeechEvent]]


def through_a_recognition(runs: Sequence[Sequence[SpeechEvent]]) -> list[SpeechEvent]:
    async def pass_them() -> list[SpeechEvent]:
        recognition = StreamedRecognition("some")
        taken: list[SpeechEvent] = []

        async def listen() -> None:
            async for event in recognition:
                taken.append(event)

        listening = asyncio.create_task(listen())
        for events in runs:
            for event in events:
                recognition.tell(event)
            for _ in range(3):
                await asyncio.sleep(0)
        recognition.tell(SpeechEnded())
        await listening
        return taken[:-1]

    return asyncio.run(pass_them())


def through_an_inbox(runs: Sequence[Sequence[SpeechEvent]]) -> list[SpeechEvent]:
    async def pass_them() -> list[SpeechEvent]:
        inbox, taken = Inbox(), []
        for events in runs:
            for event in events:
                inbox.put(event)
            taken += [event for _, event in inbox.take_now()]
        return taken  # type: ignore[return-value]  # nothing else was put in

    return asyncio.run(pass_them())


def newest(events: Sequence[SpeechEvent]) -> list[SpeechEvent]:
    """`events` without the partials that another one follows."""
    kept: list[SpeechEvent] = []
    for event in events:
        if kept and isinstance(event, Partial) and isinstance(kept[-1], Partial):
            kept.pop()
        kept.append(event)
    return kept


@pytest.mark.parametrize("way", [through_a_recognition, through_an_inbox])
@settings(max_examples=60, deadline=None)
@given(runs=RUNS)
def test_finals_all_arrive_and_the_partial_before_each_is_the_newest(
    way: Way, runs: list[list[SpeechEvent]]
) -> None:
    assert way(runs) == [event for events in runs for event in newest(events)]


async def test_keys_between_partials_keep_their_place() -> None:
    inbox = Inbox()
    for event in (Partial("a"), Partial("b"), KeyPressed("1"), Partial("c"), Partial("d"), KeyPressed("2")):
        inbox.put(event)
    assert [event for _, event in inbox.take_now()] == [
        Partial("b"),
        KeyPressed("1"),
        Partial("d"),
        KeyPressed("2"),
    ]
