"""Whom a client's call reaches: its own application, another client, a number here, or a number over the trunk."""

import asyncio
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from offhook.call.errors import RecordsAway
from offhook.call.facts import CallStarted
from offhook.call.resource_rows import CallingClient
from offhook.call.rows import NumberRow
from offhook.pjsua.invite import Invite
from offhook.pjsua.switchboard import Incoming
from offhook.processes.client_calls import ClientCalls
from tests.processes.test_whom_calls_reach import ACCOUNT, ALLOWED, SATELLITE, Coming, World

OTHER_ACCOUNT = "AC" + "2" * 32
PLACE = "sip:bob@192.0.2.7"
INVITE = Invite(
    called="", caller="+4915112345", caller_name=None, diversion=None, sip_call_id="c", headers=(), source=""
)


def client(login: str, account_sid: str = ACCOUNT) -> CallingClient:
    return CallingClient(sid=f"CL{login}", account_sid=account_sid, login=login)


class ClientWorld(World):
    """A worker with clients; some numbers have an application."""

    clients: tuple[CallingClient, ...] = (client("ada"), client("bob"), client("eve", OTHER_ACCOUNT))
    numbers: tuple[str, ...] = ("1000",)

    async def _find(self, called: str) -> NumberRow | None:
        number = await super()._find(called)
        if number is None or called not in self.numbers:
            return None
        return replace(number, account_sid=OTHER_ACCOUNT)

    async def call_from(self, login: str, called: str) -> "Refusable":
        """Live through a call of a client's."""
        self.client_calls = ClientCalls({each.login: each for each in self.clients}.get)
        runs = self.runs("<Hangup/>")
        coming = Refusable(replace(INVITE, called=called, client=login))
        runs.take(cast("Incoming", coming))
        await asyncio.wait_for(runs.finished(), 30)
        return coming


class Refusable(Coming):
    """Remembers how it was refused."""

    status = 0

    def refuse(self, sip_status: int) -> None:
        """Note it."""
        self.status = sip_status


@pytest.fixture
def world(tmp_path: Path) -> ClientWorld:
    made = ClientWorld(tmp_path)
    made.places = (PLACE,)
    return made


@pytest.mark.parametrize(
    ("called", "dialled", "account_sid", "requests"),
    [
        ("bob", [PLACE], ACCOUNT, 0),
        ("1000", [], OTHER_ACCOUNT, 1),
        (ALLOWED, [f"sip:{ALLOWED}@trunk.example"], ACCOUNT, 0),
        (SATELLITE, [], ACCOUNT, 0),
    ],
)
async def test_it_reaches_whom_it_dials(
    world: ClientWorld, called: str, dialled: list[str], account_sid: str, requests: int
) -> None:
    await world.call_from("ada", called)
    assert world.engine.dialled == dialled
    [started] = world.facts.of(CallStarted)[:1]
    assert (started.info.from_, started.info.account_sid) == ("ada", account_sid)
    assert len(world.application.requests) == requests


@pytest.mark.parametrize(("called", "status"), [("eve", 404), ("nobody", 404), ("ada", 404)])
async def test_what_is_no_number_and_not_its_accounts_is_not_found(
    world: ClientWorld, called: str, status: int
) -> None:
    assert (await world.call_from("ada", called)).status == status
    assert world.engine.dialled == []


async def test_one_that_is_gone_since_is_refused(world: ClientWorld) -> None:
    coming = await world.call_from("nobody", "1000")
    assert (coming.status, world.application.requests) == (403, [])


async def test_while_the_database_is_away_clients_are_those_that_were_known() -> None:
    there = {"ada": client("ada"), "bob": client("bob")}

    def find(login: str) -> CallingClient | None:
        if not there:
            raise RecordsAway("gone")
        return there.get(login)

    calls = ClientCalls(find)
    before = await calls.of("ada", "bob")
    there.clear()
    assert await calls.of("ada", "bob") == before
    assert await calls.of("eve", "bob") is None


async def test_its_own_application_comes_first(world: ClientWorld) -> None:
    world.runs()
    own = replace(client("ada"), application=world.application.target("/voice"))
    world.clients = (own, client("bob"))
    await world.call_from("ada", "bob")
    assert world.engine.dialled == []
    [request] = world.application.requests
    assert dict(request.parameters)["From"] == "ada"
