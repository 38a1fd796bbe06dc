"""Changing a call that runs, over REST: what is asked of the call, and what is refused."""

import pytest

from offhook.call.info import CallStatus, new_id
from offhook.rest.live_ports import CallIsOver, LiveChange, OwnerAway, WantedEnd
from offhook.verbs import Method, Target
from tests.records import story
from tests.records.story import INSTANCE, after, finished, progressed, started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
SID = f"ID{INSTANCE}-CA{CALL}"
URL = "http://app.example/other"


def running(site: Site, call_id: str = CALL) -> None:
    site.record(
        started(site.account.sid, call_id, after(0)),
        progressed(site.account.sid, call_id, after(2), CallStatus.IN_PROGRESS),
    )


async def refused(site: Site, sid: str = SID, **form: str) -> tuple[int, str]:
    """The status and message of a refusal."""
    answer = await site.ask(site.at(f"/Calls/{sid}.json"), method="POST", form=form)
    return answer.status_code, answer.json()["message"]


@pytest.mark.parametrize(
    ("form", "change"),
    [
        ({"Mute": "true"}, LiveChange(is_muted=True)),
        ({"Mute": "false"}, LiveChange(is_muted=False)),
        ({"Status": "completed"}, LiveChange(end=WantedEnd.COMPLETED)),
        ({"Status": "Canceled"}, LiveChange(end=WantedEnd.CANCELED)),
        ({"Url": URL}, LiveChange(application=Target(URL))),
        (
            {
                "Url": URL,
                "Method": "get",
                "FallbackUrl": "http://app.example/fallback",
                "FallbackMethod": "GET",
                "StatusCallback": "http://app.example/status",
                "MoveConnectedCallLeg": "true",
            },
            LiveChange(
                application=Target(URL, Method.GET),
                fallback=Target("http://app.example/fallback", Method.GET),
                status_callback=Target("http://app.example/status"),
                moves_connected=True,
            ),
        ),
    ],
)
async def test_a_call_is_changed_and_shown_as_it_was(
    site: Site, form: dict[str, str], change: LiveChange
) -> None:
    running(site)
    call = await site.json(site.at(f"/Calls/{SID}"), method="POST", form=form)
    assert site.lines.changes == [(CALL, change)]
    assert (call["sid"], call["status"]) == (SID, "in-progress")


async def test_an_application_may_be_named(site: Site) -> None:
    running(site)
    made = await site.json(
        site.at("/Applications"), method="POST", form={"FriendlyName": "menu", "RcmlUrl": URL}
    )
    await site.json(site.at(f"/Calls/{SID}"), method="POST", form={"ApplicationSid": made["sid"]})
    assert site.lines.changes == [(CALL, LiveChange(application=Target(URL)))]


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ({}, "nothing to change"),
        ({"Method": "GET"}, "nothing to change"),
        ({"Url": "not a url"}, "Url must be an absolute http or https URL"),
        ({"Url": "ftp://app.example/x"}, "Url must be"),
        ({"Url": URL, "Method": "PUT"}, "Method must be GET or POST"),
        ({"Status": "busy"}, "Status must be canceled or completed"),
        ({"Mute": "yes"}, "Mute must be true or false"),
        ({"StatusCallback": URL}, "StatusCallback needs a Url"),
        ({"FallbackUrl": URL, "Mute": "true"}, "FallbackUrl needs a Url"),
        ({"Url": URL, "MoveConnectedCallLeg": "both"}, "MoveConnectedCallLeg must be true or false"),
        ({"Url": URL, "ApplicationSid": "AP" + 32 * "1"}, "not both"),
        ({"ApplicationSid": "AP" + 32 * "1"}, "no application"),
    ],
)
async def test_what_cannot_be_is_refused(site: Site, form: dict[str, str], words: str) -> None:
    running(site)
    status, message = await refused(site, **form)
    assert status == 400
    assert words in message
    assert site.lines.changes == []


async def test_a_call_that_is_not_there(site: Site) -> None:
    other = story.account(site.database)
    site.record(started(other.sid, CALL, after(0)))
    assert (await refused(site, Mute="true"))[0] == 404
    assert (await refused(site, f"ID{INSTANCE}-CA{new_id()}", Mute="true"))[0] == 404
    assert (await refused(site, f"ID{new_id()}-CA{CALL}", Mute="true"))[0] == 404
    status, message = await refused(site, "CA123", Mute="true")
    assert (status, "no call's sid" in message) == (400, True)


async def test_a_call_that_has_ended(site: Site) -> None:
    running(site)
    site.record(finished(site.account.sid, CALL, after(5)))
    assert await refused(site, Mute="true") == (410, "Call is already completed.")
    assert site.lines.changes == []


async def test_one_that_ends_meanwhile_or_whose_worker_is_gone(site: Site) -> None:
    running(site)
    site.lines.refusal = CallIsOver("the call is ending")
    assert await refused(site, Url=URL) == (410, "Call is already completed.")
    site.lines.refusal = OwnerAway("the worker that runs the call is gone")
    answer = await site.ask(site.at(f"/Calls/{SID}"), method="POST", form={"Url": URL})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "the worker that runs the call is gone" in answer.text
