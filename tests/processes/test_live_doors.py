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
from offhook.processes.live_words import read_change, read_verb, write_change, write_verb
from offhook.processes.worker_doors import WorkerDoors
from offhook.rest.live_ports import LiveChange, LiveVerb, OwnerAway, WantedEnd
from offhook.verbs import Hold, Method, Play, Refer, Resume, Say, Target

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
)
verbs = st.one_of(
    st.builds(Say, text=st.text(), voice=st.text(), language=st.text(), loop=st.integers()),
    st.builds(Play, url=st.text(), loop=st.integers()),
    st.builds(Hold, action=maybe_targets, music_url=st.none() | st.text()),
    st.builds(Resume, action=maybe_targets),
    st.builds(Refer, to=st.text(), action=maybe_targets),
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
    finally:
        await doors.close()
