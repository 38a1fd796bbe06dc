"""The REST API over real records, with a call control that answers as it is told."""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx2
from fastapi import FastAPI

from offhook.call.facts import Fact
from offhook.call.info import CallStatus, Direction, new_id
from offhook.call.rows import AccountRow, CallRow
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.calls import Calls
from offhook.records.database import Database
from offhook.records.gathers import Gathers
from offhook.records.limits import Limits
from offhook.records.notifications import Notifications
from offhook.records.numbers import Numbers
from offhook.rest.app import create_app
from offhook.rest.ports import NewCall, Ports, Readiness
from tests.records import story


@dataclass
class Lines:
    """Takes calls, or raises `refusal`."""

    placed: list[NewCall] = field(default_factory=list)
    refusal: Exception | None = None

    async def place(self, call: NewCall) -> CallRow:
        """Note the call."""
        if self.refusal:
            raise self.refusal
        self.placed.append(call)
        return CallRow(
            call_id=new_id(),
            account_sid=call.account_sid,
            instance_id=story.INSTANCE,
            direction=Direction.OUTBOUND_API,
            from_=call.from_,
            to=call.to,
            status=CallStatus.QUEUED,
            date_created=story.NOON,
            date_updated=story.NOON,
            start_time=story.NOON,
            metadata=call.metadata,
        )


@dataclass
class Site:
    """An application with one account, and what is behind it."""

    database: Database
    account: AccountRow
    lines: Lines = field(default_factory=Lines)
    readiness: Readiness = field(default_factory=lambda: Readiness(sip=True, database=True, speech=True))

    def __post_init__(self) -> None:
        self.app: FastAPI = create_app(
            Ports(
                accounts=Accounts(self.database),
                api_keys=ApiKeys(self.database),
                limits=Limits(self.database),
                numbers=Numbers(self.database),
                calls=Calls(self.database),
                gathers=Gathers(self.database),
                notifications=Notifications(self.database),
                call_control=self.lines,
                readiness=lambda: self.readiness,
                instance_id=story.INSTANCE,
            )
        )

    def record(self, *facts: Fact) -> None:
        """Tell the recorder."""
        story.record(self.database, *facts)

    def at(self, path: str, *, under: str = "/restcomm/2012-04-24", account: str | None = None) -> str:
        """The path of something below the account."""
        return f"{under}/Accounts/{account or self.account.sid}{path}"

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        user: AccountRow | None = None,
        auth: tuple[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """Send a request, signed in as the account unless it says otherwise."""
        user = user or self.account
        name, token = auth or (user.sid, user.auth_token)
        signed = {"authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://offhook.example") as client:
            return await client.request(
                method, path, data=form, headers={**signed, **(headers or {})}, **more
            )

    async def json(self, path: str, **more: Any) -> Any:
        """The JSON of a good answer."""
        answer = await self.ask(path, headers={"accept": "application/json"}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()
