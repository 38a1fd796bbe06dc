from datetime import UTC, datetime

from offhook.records.database import Database
from offhook.records.installation import instance_id
from offhook.records.workers import Workers


def register(workers: Workers, worker_id: str, *, index: int) -> None:
    workers.register(
        worker_id,
        worker_index=index,
        address=f"http://127.0.0.1:{9000 + index}",
        sip_address=f"127.0.0.1:{5061 + index}",
        call_slots=4,
        free_slots=3,
        build="wheel",
    )


def test_a_registered_worker_is_alive_until_it_stops(database: Database) -> None:
    workers = Workers(database)
    register(workers, "b", index=1)
    register(workers, "a", index=0)
    assert [worker.worker_id for worker in workers.alive(60)] == ["a", "b"]
    workers.stop("a")
    assert [worker.worker_id for worker in workers.alive(60)] == ["b"]
    stopped = workers.get("a")
    assert stopped is not None
    assert stopped.stopped_at is not None
    assert stopped.free_slots == 0


def test_a_lease_tells_where_the_worker_is(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    worker = workers.get("a")
    assert worker is not None
    assert (worker.address, worker.sip_address) == ("http://127.0.0.1:9000", "127.0.0.1:5061")
    assert (worker.worker_index, worker.call_slots, worker.free_slots) == (0, 4, 3)
    assert worker.build == "wheel"
    assert abs((datetime.now(UTC) - worker.renewed_at).total_seconds()) < 5


def test_renewing_tells_the_free_slots(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    assert workers.renew("a", free_slots=1)
    (worker,) = workers.alive(60)
    assert worker.free_slots == 1


def test_a_lease_that_ended_or_never_was_cannot_be_renewed(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    workers.stop("a")
    assert not workers.renew("a", free_slots=4)
    assert not workers.renew("nobody", free_slots=4)


def test_a_worker_that_was_not_heard_of_in_time_is_not_alive(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    assert workers.alive(-1) == ()


def test_registering_anew_begins_a_lease_again(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    workers.stop("a")
    register(workers, "a", index=2)
    assert [worker.worker_index for worker in workers.alive(60)] == [2]


def test_an_installation_has_one_identity(database: Database) -> None:
    identity = instance_id(database)
    assert len(identity) == 32
    assert instance_id(database) == identity
