"""Calls are let in as far as an account's limits go, wherever its other calls run, and whatever the records do."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from typing import NoReturn, cast

import pytest

from offhook.call.errors import RecordsAway
from offhook.call.facts import NotificationRaised
from offhook.call.info import CallInfo, Direction, new_id
from offhook.call.rows import AccountLimits
from offhook.interpreter.outbound_leg import LegRefused, WantedLeg
from offhook.pjsua.switchboard import Switchboard
from offhook.processes.admission import LIMITS_FOR_S, NOTIFY_EVERY_S, Admission
from offhook.processes.legs import DialledLegs, LiveThrough
from offhook.processes.outward import NoticesOf, Outward
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_services import TrunkServices
from offhook.rest.ports import CallRefused, LimitReached
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Destination, DestinationKind

ACCOUNT, OTHER = "AC" + "1" * 32, "AC" + "2" * 32


class Records:
    """Limits, and the calls of other workers, as a test sets them."""

    def __init__(self) -> None:
        self.limits = {ACCOUNT: AccountLimits()}
        self.elsewhere = (0, 0)
        self.are_away = False
        self.asked = 0

    def find(self, sid: str) -> AccountLimits:
        """The limits of an account."""
        self._answer()
        return self.limits.get(sid, AccountLimits())

    def running(self, _sid: str) -> int:
        """Calls on other workers."""
        self._answer()
        return self.elsewhere[0]

    def begun(self, _sid: str, _since: datetime) -> int:
        """Those that began lately."""
        self._answer()
        return self.elsewhere[1]

    def _answer(self) -> None:
        self.asked += 1
        if self.are_away:
            raise RecordsAway("away")


class Door:
    """An admission with all that it goes by."""

    def __init__(self, is_quick: bool) -> None:
        self.now = 0.0
        self.records = Records()
        self.facts = KeptFacts()
        self.refused: list[str] = []
        self.admission = Admission(
            self.records.find,
            self.records,
            self.facts,
            is_quick=is_quick,
            on_refused=self.refused.append,
            clock=lambda: self.now,
        )

    def limit(self, limits: AccountLimits) -> None:
        """The account's limits, once they are looked up anew."""
        self.records.limits[ACCOUNT] = limits
        self.now += LIMITS_FOR_S

    async def call(self, sid: str = ACCOUNT, direction: Direction = Direction.INBOUND) -> str:
        """One more call; returns its id. Raises LimitReached."""
        info = CallInfo(
            call_id=new_id(),
            account_sid=sid,
            direction=direction,
            from_="+15550001",
            to="1000",
            created_at=datetime.now(UTC),
        )
        await self.admission.admit(info)
        return info.call_id

    async def try_calls(self, count: int) -> int:
        """How many of so many calls at once are let in."""
        tried = await asyncio.gather(*(self.call() for _ in range(count)), return_exceptions=True)
        assert all(isinstance(each, (str, LimitReached)) for each in tried), tried
        return sum(isinstance(each, str) for each in tried)

    @property
    def notified(self) -> list[NotificationRaised]:
        """What the account was told."""
        return [fact for fact in self.facts.facts if isinstance(fact, NotificationRaised)]


@pytest.fixture(params=[True, False], ids=["sqlite", "postgresql"])
def door(request: pytest.FixtureRequest) -> Door:
    return Door(is_quick=request.param)


async def test_without_limits_nobody_asks_twice(door: Door) -> None:
    assert await door.try_calls(50) == 50
    asked = door.records.asked
    assert await door.try_calls(50) == 50
    assert door.records.asked == asked


async def test_calls_at_once_are_held_to_the_limit_and_let_in_when_some_are_over(door: Door) -> None:
    door.limit(AccountLimits(concurrent_calls=3))
    first = await door.call()
    assert await door.try_calls(20) == 2
    await door.call(OTHER)
    door.admission.is_over(first)
    assert await door.try_calls(20) == 1


async def test_calls_on_other_workers_count(door: Door) -> None:
    door.limit(AccountLimits(concurrent_calls=3, calls_per_s=100))
    door.records.elsewhere = (2, 2)
    assert await door.try_calls(5) == 1
    door.records.elsewhere = (0, 0)
    assert await door.try_calls(5) == 2
    door.records.elsewhere = (0, 100)
    door.limit(AccountLimits(calls_per_s=100))
    await door.try_calls(1)
    assert await door.try_calls(5) == 0


async def test_so_many_calls_begin_in_a_second(door: Door) -> None:
    door.limit(AccountLimits(calls_per_s=2))
    assert await door.try_calls(5) == 2
    door.now += 0.5
    with pytest.raises(LimitReached) as reached:
        await door.call()
    assert reached.value.wait_s == pytest.approx(0.5)
    door.now += 0.5
    assert await door.try_calls(5) == 2


async def test_less_than_one_call_a_second_is_one_in_several(door: Door) -> None:
    door.limit(AccountLimits(calls_per_s=0.25))
    assert await door.try_calls(2) == 1
    door.now += 3.9
    assert await door.try_calls(2) == 0
    door.now += 0.2
    assert await door.try_calls(2) == 1


async def test_while_the_records_are_away_the_last_limits_hold(door: Door) -> None:
    door.limit(AccountLimits(concurrent_calls=2))
    assert await door.try_calls(1) == 1
    door.records.are_away = True
    for _ in range(3):
        door.now += LIMITS_FOR_S
        await door.try_calls(1)
    assert await door.try_calls(5) == 0
    assert await Door(is_quick=True).try_calls(3) == 3


async def test_an_account_is_told_once_a_minute_and_each_refusal_is_counted(door: Door) -> None:
    door.limit(AccountLimits(concurrent_calls=0))
    assert await door.try_calls(5) == 0
    (told,) = door.notified
    assert (told.account_sid, told.call_id, told.code) == (ACCOUNT, "", 20429)
    assert f"offhook account limits {ACCOUNT} --concurrent-calls" in told.message
    door.now += NOTIFY_EVERY_S
    assert await door.try_calls(5) == 0
    assert len(door.notified) == 2
    assert door.refused == ["limit"] * 10
    with pytest.raises(LimitReached):
        await door.call(direction=Direction.OUTBOUND_API)
    assert len(door.notified) == 2


async def test_destinations_are_checked_by_the_accounts_list(door: Door) -> None:
    await door.admission.check_destination(ACCOUNT, "+15550001")
    with pytest.raises(CallRefused, match="premium-rate") as refused:
        await door.admission.check_destination(ACCOUNT, "+19005551234")
    assert refused.value.is_destination
    assert door.refused == ["destination"]
    door.limit(AccountLimits(destinations=("+49",)))
    await door.admission.check_destination(OTHER, "+15550001")
    with pytest.raises(CallRefused, match="not on the account's list"):
        await door.admission.check_destination(ACCOUNT, "+15550001")


class Engine:
    """Refuses whatever is dialled, and knows what that was."""

    is_behind = False

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def dial(self, _info: CallInfo, uri: str, *_more: object, **_named: object) -> NoReturn:
        """Note it."""
        self.dialled.append(uri)
        raise LegRefused("nobody is there", 480)


@pytest.mark.parametrize(
    ("places", "dialled"),
    [
        (("sip:ada@192.0.2.7:5060",), ["sip:ada@192.0.2.7:5060"]),
        (("sip:+441632960001@trunk.example",), []),
        (("sip:%2B882161234567@trunk.example", "sip:ada@192.0.2.7"), ["sip:ada@192.0.2.7"]),
    ],
)
async def test_a_client_is_no_way_around_the_destinations(
    door: Door, places: tuple[str, ...], dialled: list[str]
) -> None:
    """Whoever may say where a client is reached must not call where the account may not."""
    door.limit(AccountLimits(destinations=("+49",)))

    async def locations(_account_sid: str, _login: str) -> tuple[str, ...]:
        return places

    engine = Engine()
    legs = DialledLegs(
        outward=Outward(
            cast("Switchboard", engine),
            TrunkBook(),
            TrunkHosts(),
            TrunkServices(),
            notices_of=cast("NoticesOf", None),
        ),
        admission=door.admission,
        locations_of=locations,
        live_through=cast("LiveThrough", None),
    )
    wanted = WantedLeg(
        parent=replace(SOME_CALL, account_sid=ACCOUNT),
        destination=Destination(kind=DestinationKind.CLIENT, address="ada"),
        caller_id="+15550001",
        ring_timeout_s=30.0,
    )
    with pytest.raises(LegRefused) as refused:
        await legs.dial(wanted)
    assert (engine.dialled, refused.value.sip_status) == (dialled, 480 if dialled else 403)
    assert door.refused == ["destination"] * (len(places) - len(dialled))
