from offhook.call.exchange import Exchange, Reply
from offhook.call.info import new_id
from offhook.verbs import Method, Request, Target
from tests.records.story import INSTANCE, after, notified, started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
SID = f"ID{INSTANCE}-CA{CALL}"


def failed_fetch(site: Site) -> None:
    request = Request(Target("http://app.example/voice", Method.POST), (("CallSid", SID),))
    reply = Reply(
        url="http://app.example/voice",
        status=500,
        headers=(("Content-Type", "text/html"),),
        body=b"<h1>Oops & sorry</h1>",
    )
    site.record(
        started(site.account.sid, CALL),
        notified(site.account.sid, CALL, after(1.5), exchange=Exchange(request, reply)),
        notified(
            site.account.sid, new_id(), after(90_000), code=13310, message="finishOnKey", is_error=False
        ),
    )


async def test_a_notification_shows_both_sides(site: Site) -> None:
    failed_fetch(site)
    page = await site.json(site.at("/Notifications"))
    warning, error = page["notifications"]
    sid = error["sid"]
    assert error == {
        "sid": sid,
        "date_created": "Mon, 9 Mar 2026 12:00:01 +0000",
        "date_updated": "Mon, 9 Mar 2026 12:00:01 +0000",
        "account_sid": site.account.sid,
        "call_sid": SID,
        "api_version": "2012-04-24",
        "log": 0,
        "error_code": 11206,
        "more_info": "/restcomm/errors/11206.html",
        "message_text": "The application answered 500",
        "message_date": "2026-03-09T12:00:01.500+00:00",
        "request_url": "http://app.example/voice",
        "request_method": "POST",
        "request_variables": f"CallSid={SID}",
        "response_headers": "Content-Type: text/html",
        "response_body": "<h1>Oops & sorry</h1>",
        "uri": f"/2012-04-24/Accounts/{site.account.sid}/Notifications/{sid}.json",
    }
    assert (warning["log"], warning["request_url"], warning["response_body"]) == (1, "", "")
    assert await site.json(site.at(f"/Notifications/{sid}")) == error


async def test_a_notification_in_xml(site: Site) -> None:
    failed_fetch(site)
    answer = await site.ask(site.at("/Notifications"))
    assert "<ResponseBody>&lt;h1&gt;Oops &amp; sorry&lt;/h1&gt;</ResponseBody>" in answer.text
    assert "<ErrorCode>11206</ErrorCode>" in answer.text


async def test_notifications_are_narrowed(site: Site) -> None:
    failed_fetch(site)

    async def total(**query: str) -> int:
        answer = await site.ask(site.at("/Notifications.json"), params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total() == 2
    assert await total(ErrorCode="11206") == 1
    assert await total(StartTime="2026-03-10") == 1
    assert await total(EndTime="2026-03-09") == 1
    assert await total(RequestUrl="http://app.example/voice") == 1
    assert await total(RequestUrl="http://app.example/%") == 1
    assert await total(MessageText="%500%") == 1
    assert await total(CallSid=SID) == 1
    assert await total(CallSid="nonsense") == 0
    answer = await site.ask(site.at("/Notifications.json"), params={"ErrorCode": "x"})
    assert (answer.status_code, answer.json()["message"][:9]) == (400, "ErrorCode")


async def test_a_call_has_its_own_notifications(site: Site) -> None:
    failed_fetch(site)
    path = site.at(f"/Calls/{SID}/Notifications.json")
    page = await site.json(path)
    assert (page["total"], page["uri"]) == (1, path)
    assert (await site.json(site.at(f"/Calls/CA{CALL}/Notifications")))["total"] == 1
    assert (await site.ask(site.at(f"/Calls/CA{'0' * 32}/Notifications"))).status_code == 404


async def test_an_unknown_notification_is_not_found(site: Site) -> None:
    for sid in ("NO" + "0" * 32, "NO", "x"):
        answer = await site.ask(site.at(f"/Notifications/{sid}.json"))
        assert (answer.status_code, answer.json()["code"]) == (404, 20404)
