"""A conference or queue has one owner at a time, whoever asks and whoever dies."""

import threading

from offhook.call.rows import AccountRow, RoomKind
from offhook.records.database import Database
from offhook.records.rooms import Rooms
from offhook.records.workers import Workers
from tests.records.test_workers import register

CONFERENCE, QUEUE = RoomKind.CONFERENCE, RoomKind.QUEUE


def test_the_first_to_claim_owns_the_room(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    register(workers, "a", index=0)
    register(workers, "b", index=1)
    room = rooms.claim(account.sid, CONFERENCE, "sales", "a")
    assert (room.worker_id, room.name, room.kind) == ("a", "sales", CONFERENCE)
    assert rooms.claim(account.sid, CONFERENCE, "sales", "b") == room
    assert rooms.find(account.sid, CONFERENCE, "sales") == room


def test_rooms_are_told_apart_by_account_kind_and_whole_name(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    register(workers, "a", index=0)
    long_name = "ü" * 5000
    wanted = [
        (CONFERENCE, "x"),
        (QUEUE, "x"),
        (CONFERENCE, "X"),
        (CONFERENCE, long_name),
        (CONFERENCE, long_name + "!"),
    ]
    ids = {rooms.claim(account.sid, kind, name, "a").room_id for kind, name in wanted}
    assert len(ids) == len(wanted)


def test_a_dead_owner_is_followed_by_the_next_to_claim(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    register(workers, "a", index=0)
    register(workers, "b", index=1)
    first = rooms.claim(account.sid, QUEUE, "support", "a")
    workers.stop("a")
    assert rooms.find(account.sid, QUEUE, "support") is None
    second = rooms.claim(account.sid, QUEUE, "support", "b")
    assert second.worker_id == "b"
    assert second.room_id != first.room_id
    assert not rooms.release(first.room_id, "a")
    assert rooms.find(account.sid, QUEUE, "support") == second


def test_the_owner_of_another_room_lives_for_that_one_alone(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    register(workers, "a", index=0)
    register(workers, "b", index=1)
    rooms.claim(account.sid, CONFERENCE, "hers", "a")
    rooms.claim(account.sid, CONFERENCE, "his", "b")
    workers.stop("a")
    assert rooms.claim(account.sid, CONFERENCE, "hers", "b").worker_id == "b"
    assert rooms.find(account.sid, CONFERENCE, "his") is not None


def test_an_owner_whose_lease_ran_out_is_dead(database: Database, account: AccountRow) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    Rooms(database, lease_s=15).claim(account.sid, QUEUE, "support", "a")
    impatient = Rooms(database, lease_s=-1)
    assert impatient.find(account.sid, QUEUE, "support") is None


def test_a_closed_room_is_opened_anew(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    register(workers, "a", index=0)
    room = rooms.claim(account.sid, CONFERENCE, "sales", "a")
    assert rooms.release(room.room_id, "a")
    assert not rooms.release(room.room_id, "a")
    assert rooms.find(account.sid, CONFERENCE, "sales") is None
    assert rooms.claim(account.sid, CONFERENCE, "sales", "a").room_id != room.room_id


def test_those_who_claim_together_agree(database: Database, account: AccountRow) -> None:
    workers, rooms = Workers(database), Rooms(database, lease_s=15)
    names = [f"w{index}" for index in range(6)]
    for index, name in enumerate(names):
        register(workers, name, index=index)
    told: list[str] = []
    together = threading.Barrier(len(names))

    def claim(name: str) -> None:
        together.wait()
        told.append(rooms.claim(account.sid, CONFERENCE, "all", name).room_id)

    threads = [threading.Thread(target=claim, args=(name,)) for name in names]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(told) == len(names)
    assert len(set(told)) == 1


def test_a_worker_that_drains_keeps_its_lease(database: Database) -> None:
    workers = Workers(database)
    register(workers, "a", index=0)
    workers.drain("a")
    (worker,) = workers.alive(60)
    assert worker.is_draining
    assert worker.free_slots == 0
    assert workers.renew("a", free_slots=0)
