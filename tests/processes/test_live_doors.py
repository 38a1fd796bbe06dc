"""Changes and verbs go through a worker's door as they were asked for, and a door that nobody opens is told of."""

import json
from contextlib import closing
from datetime import UTC, datetime
from socket import create_server

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.call.info import CallStatus, Direction
from offhook.call.rows import CallRow, WorkerRow
from offhook.processes.live_words import (
    read_change,
    read_performance,
    read_verb,
    write_change,
    write_performance,
    write_verb,
)
from offhook.processes.worker_doors import WorkerDoors
from offhook.rest.live_ports import (
    Legs,
    LiveChange,
    LiveVerb,
    OwnerAway,
    Performance,
    PerformanceKind,
    WantedEnd,
)
from offhook.verbs import FileFormat, Hold, Method, Play, Record, Refer, Resume, Say, SendKeys, Target

NOW = datetime(2026, 1, 1, tzinfo=UTC)
targets = st.builds(Target, st.text(), st.sampled_from(Method))
maybe_targets = st.none() | targets
changes = st.builds(
    LiveChange,
    is_muted=st.none() | st.booleans(),
    end=st.none() | st.sampled_from(WantedEnd),
    application=maybe_targets,
    fallback=maybe_targets,
    status_callback=maybe_targets,
    moves_connected=st.booleans(),
    connected_application=maybe_targets,
    language=st.none() | st.text(),
)
verbs = st.one_of(
    st.builds(Say, text=st.text(), voice=st.text(), language=st.text(), loop=st.integers()),
    st.builds(Play, url=st.text(), loop=st.integers()),
    st.builds(Hold, action=maybe_targets, music_url=st.none() | st.text()),
    st.builds(Resume, action=maybe_targets),
    st.builds(Refer, to=st.text(), action=maybe_targets),
)
performances = st.builds(
    Performance,
    kind=st.sampled_from(PerformanceKind),
    verbs=st.lists(
        st.one_of(
            st.builds(Say, text=st.text(), markup=st.text(), voice=st.text(), language=st.text()),
            st.builds(Play, url=st.text(), is_skippable=st.booleans()),
            st.builds(SendKeys, keys=st.text()),
            st.builds(
                Record,
                is_background=st.booleans(),
                finish_keys=st.frozensets(st.sampled_from("12#")),
                file_format=st.sampled_from(FileFormat),
                callback=maybe_targets,
                transcription_target=maybe_targets,
            ),
        )
    ).map(tuple),
    legs=st.sampled_from(Legs),
    repeats=st.booleans(),
    longest_s=st.none() | st.floats(allow_nan=False, allow_infinity=False),
    record_id=st.none() | st.text(),
)
CALL = CallRow(
    call_id=32 * "c",
    account_sid="AC1",
    instance_id=32 * "0",
    worker_id="w1",
    direction=Direction.INBOUND,
    from_="1",
    to="2",
    status=CallStatus.IN_PROGRESS,
    date_created=NOW,
    date_updated=NOW,
    start_time=NOW,
)


@given(changes)
def test_a_change_survives_the_door(change: LiveChange) -> None:
    assert read_change(json.loads(json.dumps(write_change(change)))) == change


@given(verbs)
def test_a_verb_survives_the_door(verb: LiveVerb) -> None:
    assert read_verb(json.loads(json.dumps(write_verb(verb)))) == verb


@given(performances)
def test_a_performance_survives_the_door(performance: Performance) -> None:
    assert read_performance(json.loads(json.dumps(write_performance(performance)))) == performance


def worker(worker_id: str, address: str) -> WorkerRow:
    return WorkerRow(
        worker_id=worker_id,
        worker_index=0,
        address=address,
        sip_address="127.0.0.1:5060",
        call_slots=4,
        free_slots=4,
        build="wheel",
        started_at=NOW,
        renewed_at=NOW,
        stopped_at=None,
        is_draining=False,
    )


@pytest.mark.parametrize("its_worker", ["another", "w1"])
async def test_the_call_of_a_worker_that_is_gone_cannot_be_reached(its_worker: str) -> None:
    with closing(create_server(("127.0.0.1", 0))) as closed_soon:
        address = f"http://127.0.0.1:{closed_soon.getsockname()[1]}"
    doors = WorkerDoors(
        workers=lambda: (worker(its_worker, address),), get_call=lambda _account, _call: CALL, secret="s"
    )
    try:
        with pytest.raises(OwnerAway):
            await doors.change(CALL, LiveChange(is_muted=True))
        with pytest.raises(OwnerAway):
            await doors.act(CALL, Resume(), 32 * "a")
        with pytest.raises(OwnerAway):
            await doors.perform(CALL, Performance(kind=PerformanceKind.PLAY, verbs=()))
        with pytest.raises(OwnerAway):
            await doors.stop(CALL, PerformanceKind.PLAY)
    finally:
        await doors.close()
