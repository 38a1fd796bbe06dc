"""What one account tells one host has a lane of its own."""

import asyncio

from offhook.webhooks.lanes import LONGEST_PUT_OFF_S, SHORTEST_PUT_OFF_S, LaneLimits, Lanes
from tests.webhooks.memory_outbox import item

LIMITS = LaneLimits(in_flight=5, per_account=3, per_host=2, waiting_per_host=2, held_per_account=6)


async def test_a_lane_holds_so_many_and_no_more() -> None:
    lanes = Lanes(LIMITS)
    entered = [lanes.enter(item("http://app.example/1")) for _ in range(5)]
    assert [lane is not None for lane in entered] == [True, True, True, True, False]
    assert lanes.enter(item("http://app.example:81/1")) is not None
    assert lanes.enter(item("http://app.example/1", account="AC2")) is not None
    assert entered[0] is not None
    lanes.leave(entered[0])
    assert lanes.enter(item("http://APP.example/2")) is not None


async def test_an_account_holds_so_many_and_no_more() -> None:
    lanes = Lanes(LIMITS)
    entered = [lanes.enter(item(f"http://host{number}.example/")) for number in range(7)]
    assert [lane is not None for lane in entered] == [True] * 6 + [False]
    assert lanes.enter(item("http://host9.example/", account="AC2")) is not None


async def test_an_account_sends_so_many_at_once_and_leaves_room_for_another() -> None:
    lanes = Lanes(LIMITS)
    sending: list[str] = []
    may_end, are_five = asyncio.Event(), asyncio.Event()

    async def send(account: str, host: str) -> None:
        lane = lanes.enter(item(f"http://{host}/", account=account))
        assert lane is not None
        async with lanes.turn(lane):
            sending.append(account)
            if len(sending) == 5:
                are_five.set()
            await may_end.wait()
        lanes.leave(lane)

    async with asyncio.TaskGroup() as tasks:
        for host in ("a", "b", "c", "d", "e"):
            tasks.create_task(send("AC1", host))
        for host in ("a", "b", "c"):
            tasks.create_task(send("AC2", host))
        await asyncio.wait_for(are_five.wait(), 20)
        assert sorted(sending) == ["AC1"] * 3 + ["AC2"] * 2
        may_end.set()
    assert len(sending) == 8


async def test_what_finds_no_room_waits_about_until_its_turn() -> None:
    lanes = Lanes(LIMITS)
    slow = item("http://slow.example/")
    lane = lanes.enter(slow)
    assert lane is not None
    assert lanes.put_off_s(slow, now=90.0) == SHORTEST_PUT_OFF_S
    lane.took(2.0)
    assert [lanes.put_off_s(slow, now=100.0) for _ in range(3)] == [2.0, 3.0, 4.0]
    assert max(lanes.put_off_s(slow, now=100.0) for _ in range(40)) == LONGEST_PUT_OFF_S


async def test_what_is_no_url_has_a_lane_too() -> None:
    lanes = Lanes(LIMITS)
    for url in ("", "status.php", "http://["):
        assert lanes.enter(item(url)) is not None
