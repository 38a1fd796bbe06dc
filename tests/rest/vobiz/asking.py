"""Requests to the API below /v1/Account and /api/v1/Account."""

import uuid
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import httpx2

from offhook.call.facts import Fact
from offhook.call.info import CallStatus
from tests.records.story import NOON, after, finished, progressed, started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
UUID = str(uuid.UUID(CALL))
URL = "http://app.example/answer"


async def ask(
    site: Site,
    path: str,
    method: str = "GET",
    body: Mapping[str, Any] | None = None,
    *,
    under: str = "/api/v1",
    name: str | None = None,
    owner: str | None = None,
    token: str | None = None,
    **more: Any,
) -> httpx2.Response:
    """Ask with the headers that clients of this API send; `body` goes as JSON."""
    account = site.account
    headers = {"x-auth-id": name or account.auth_id, "x-auth-token": token or account.auth_token}
    transport = httpx2.ASGITransport(app=site.app, raise_app_exceptions=False)
    async with httpx2.AsyncClient(transport=transport, base_url="http://offhook.example") as client:
        given = {"headers": headers, **({"json": dict(body)} if body is not None else {}), **more}
        return await client.request(method, f"{under}/Account/{owner or account.auth_id}{path}", **given)


async def told(
    site: Site, path: str, method: str = "GET", *given: Any, status: int = 200, **more: Any
) -> Any:
    """The JSON of an answer with this status; it has an `api_id`."""
    answer = await ask(site, path, method, *given, **more)
    assert answer.status_code == status, answer.text
    said = answer.json()
    assert uuid.UUID(said["api_id"])
    return said


async def refused(site: Site, path: str, method: str = "GET", *given: Any, **more: Any) -> tuple[int, str]:
    """The status and words of a refusal, which has nothing else."""
    answer = await ask(site, path, method, *given, **more)
    said = answer.json()
    assert set(said) == {"api_id", "error"}, said
    return answer.status_code, said["error"]


def running(site: Site, call_id: str = CALL, at: datetime = NOON, **fields: Any) -> None:
    """Keep a call that is in progress."""
    site.record(
        started(site.account.sid, call_id, at, **fields),
        progressed(site.account.sid, call_id, after(2), CallStatus.IN_PROGRESS),
    )


def over(site: Site, call_id: str = CALL, *, at_s: float = 0, owner: str = "", **end: Any) -> None:
    """Keep a call that was answered, and is over."""
    sid = owner or site.account.sid
    of_start = {name: end.pop(name) for name in ("direction", "from_", "to", "parent_call_id") if name in end}
    facts: list[Fact] = [started(sid, call_id, after(at_s), **of_start)]
    if end.get("status", CallStatus.COMPLETED) is CallStatus.COMPLETED:
        facts.append(progressed(sid, call_id, after(at_s + 2), CallStatus.IN_PROGRESS))
        end = {"duration_s": 28.4, "ring_duration_s": 2.0, **end}
    site.record(*facts, finished(sid, call_id, after(at_s + 31), **end))
