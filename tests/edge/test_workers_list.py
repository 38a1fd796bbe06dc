"""What leases of workers come to for Kamailio's dispatcher."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from offhook.call.rows import WorkerRow
from offhook.edge.workers_list import (
    Listed,
    destinations,
    list_text,
    needs_new_list,
    read_listing,
    state_changes,
    with_gone,
)
from tests.edge.conftest import BORN

Worker = Callable[..., WorkerRow]


def listed(uri: str, *, weight: int = 100, disabled: bool = False, dead: bool = False) -> Listed:
    return Listed(uri=uri, weight=weight, is_disabled=disabled, is_dead=dead)


def test_weights_are_shares_of_the_free_slots(worker: Worker) -> None:
    some = destinations([worker(1, free_slots=512), worker(2, free_slots=128), worker(3, free_slots=1)])
    assert [(each.uri, each.weight) for each in some] == [
        ("sip:127.0.0.1:1", 100),
        ("sip:127.0.0.1:2", 25),
        ("sip:127.0.0.1:3", 1),
    ]
    assert all(each.is_open for each in some)


def test_who_is_full_or_drains_is_closed(worker: Worker) -> None:
    full, drains, free = destinations(
        [worker(1, free_slots=0), worker(2, is_draining=True), worker(3, free_slots=1)]
    )
    assert (full.is_open, drains.is_open, free.is_open) == (False, False, True)


def test_the_newer_of_two_leases_for_one_address_counts(worker: Worker) -> None:
    newer = worker(1, free_slots=4, started_at=BORN + timedelta(seconds=1))
    [only] = destinations([newer, worker(1, free_slots=0)])
    assert only.is_open


def test_the_list_keeps_the_dead_dead(worker: Worker) -> None:
    some = destinations([worker(1), worker(2), worker(3, free_slots=0)])
    lines = list_text(some, dead=["sip:127.0.0.1:2"]).splitlines()
    assert lines[1:] == [
        "1 sip:127.0.0.1:1 8 0 rweight=100",
        "1 sip:127.0.0.1:2 9 0 rweight=100",
        "1 sip:127.0.0.1:3 4 0 rweight=1",
    ]


@given(st.lists(st.integers(0, 1000), max_size=64))
def test_weights_are_what_kamailio_takes(free: list[int]) -> None:
    row = {"call_slots": 1000, "build": "b", "started_at": BORN, "renewed_at": BORN, "stopped_at": None}
    leases: list[Any] = [
        WorkerRow(
            worker_id=str(index),
            worker_index=index,
            address="http://127.0.0.1:1",
            sip_address=f"127.0.0.1:{index}",
            free_slots=slots,
            is_draining=False,
            **row,  # type: ignore[arg-type]
        )
        for index, slots in enumerate(free)
    ]
    some = destinations(leases)
    assert len(some) == len(free)
    assert all(1 <= each.weight <= 100 for each in some)


def test_a_small_change_of_weight_loads_nothing_anew(worker: Worker) -> None:
    some = destinations([worker(1, free_slots=512), worker(2, free_slots=490)])
    assert not needs_new_list(some, [listed("sip:127.0.0.1:1"), listed("sip:127.0.0.1:2", weight=100)])
    assert needs_new_list(some, [listed("sip:127.0.0.1:1"), listed("sip:127.0.0.1:2", weight=50)])
    assert needs_new_list(some, [listed("sip:127.0.0.1:1")])
    assert needs_new_list(some[:1], [listed("sip:127.0.0.1:1"), listed("sip:127.0.0.1:2")]), "one left"


def test_who_is_full_is_not_weighed(worker: Worker) -> None:
    some = destinations([worker(1), worker(2, free_slots=0)])
    assert not needs_new_list(some, [listed("sip:127.0.0.1:1"), listed("sip:127.0.0.1:2", weight=100)])


def test_who_is_gone_stays_as_closed_for_the_calls_that_he_may_have(worker: Worker) -> None:
    seen = [listed(f"sip:127.0.0.1:{port}") for port in (1, 2, 3)]
    some = with_gone(destinations([worker(1)]), seen, lambda uri: not uri.endswith(":3"))
    assert [(each.uri, each.is_open) for each in some] == [
        ("sip:127.0.0.1:1", True),
        ("sip:127.0.0.1:2", False),
    ]


def test_states_are_set_where_they_differ(worker: Worker) -> None:
    some = destinations([worker(1), worker(2), worker(3, free_slots=0), worker(4, free_slots=0)])
    seen = [
        listed("sip:127.0.0.1:1"),
        listed("sip:127.0.0.1:2", disabled=True),
        listed("sip:127.0.0.1:3"),
        listed("sip:127.0.0.1:4", disabled=True),
    ]
    assert state_changes(some, seen) == (("ap", "sip:127.0.0.1:2"), ("d", "sip:127.0.0.1:3"))
    assert state_changes(some, ()) == (), "who is not on the list has no state"


def test_the_dead_are_left_to_kamailio(worker: Worker) -> None:
    assert state_changes(destinations([worker(1)]), [listed("sip:127.0.0.1:1", dead=True)]) == ()


def test_an_empty_listing_is_read() -> None:
    assert read_listing(None) == ()
    assert read_listing({"NRSETS": 0, "RECORDS": []}) == ()
