"""`offhook app check URL`: asks an application as a call would."""

import asyncio
import json

from tests.system.conftest import offhook
from tests.webhooks.server import Application, page


async def check(*arguments: str, **environment: str) -> tuple[int, str]:
    """The command's exit status, and what it prints."""
    settings = {"OFFHOOK_DEV": "1", "OFFHOOK_WEBHOOK_TOTAL_S": "5", **environment}
    done = await asyncio.to_thread(offhook, "app", "check", *arguments, **settings)
    return done.returncode, done.stdout


async def test_an_application_is_asked_as_a_call_would_ask(app: Application) -> None:
    app.on("/voice", page(200, "<Response>\n  <Gahter/>\n</Response>"))
    status, said = await check(f"{app.url}/voice", "--param", "Digits=7", "--param", "From=+4930")
    assert (status, said.splitlines()[0]) == (
        0,
        "line 2, column 3: warning: RCML has no verb <Gahter>; it was skipped. Did you mean <Gather>?",
    )
    [asked] = app.requests
    form = dict(asked.form)
    assert asked.method == "POST"
    assert (form["From"], form["Digits"], form["CallStatus"]) == ("+4930", "7", "ringing")
    assert form["CallSid"].startswith("ID")


async def test_get_asks_with_a_query(app: Application) -> None:
    app.on("/voice", page(200, "<Response><Hangup/></Response>"))
    status, said = await check(f"{app.url}/voice", "--method", "get")
    assert (status, said) == (0, f"{app.url}/voice: it runs, and nothing is wrong with it\n")
    assert app.requests[0].method == "GET"
    assert dict(app.requests[0].query)["To"] == "1000"


async def test_an_application_that_fails_a_call_fails_the_check(app: Application) -> None:
    app.on("/voice", page(500, "oops"))
    status, said = await check(f"{app.url}/voice", "--json")
    told = json.loads(said)
    assert (status, told["runs"]) == (1, False)
    assert "500" in told["findings"][0]["message"]


async def test_an_address_that_webhooks_may_not_reach_is_told(app: Application) -> None:
    status, said = await check(f"{app.url}/voice", OFFHOOK_DEV="0")
    assert status == 1
    assert "OFFHOOK_WEBHOOK_ALLOW" in said
    assert app.requests == []


async def test_an_answer_in_another_language_is_asked_for_as_that_one_asks(app: Application) -> None:
    app.on("/voice", page(200, "<Response>\n  <Gather><Speak>press</Speak></Gather>\n</Response>"))
    status, said = await check(f"{app.url}/voice")
    assert (status, said.splitlines()) == (
        1,
        [
            "line 2, column 3: error: <Gather> has no action; it must name a URL, to which the input is sent.",
            f"{app.url}/voice (Vobiz XML): it fails; 1 error",
        ],
    )
    assert [dict(one.form).get("Event") for one in app.requests] == [None, "StartApp"]
    assert "CallUUID" in dict(app.requests[1].form)
    assert (await check(f"{app.url}/voice", "--dialect", "vobiz"))[0] == 1
    assert len(app.requests) == 3
