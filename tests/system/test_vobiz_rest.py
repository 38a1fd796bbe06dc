"""Plivo's library drives a running server: an application and its number, a call that is made and all that is done to it."""

import asyncio
import time
import uuid
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import httpx2
import plivo
import pytest
from plivo.rest import client as library

from tests.contract.phone import Phone
from tests.system.server import ACCOUNT_SID, TOKEN, Server
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

NUMBER = "15557740"
DOCUMENTS = {
    "/answer": '<Response><Wait length="20"/></Response>',
    "/menu": '<Response><Wait length="1"/><Hangup/></Response>',
    "/other": '<Response><Wait length="20"/></Response>',
}


def asked(server: Server, path: str) -> httpx2.Response:
    """The answer to a GET, with the headers of this API."""
    headers = {"x-auth-id": ACCOUNT_SID, "x-auth-token": TOKEN}
    url = f"{server.url}/api/v1/Account/{ACCOUNT_SID}{path}"
    return httpx2.get(url, headers=headers, trust_env=False, timeout=10)


@pytest.fixture
def client(server: Server) -> Iterator[plivo.RestClient]:
    """The library, signed in with the account's Auth ID."""
    auth_id = asked(server, "/cdr/recent").json()["account_id"]
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in dir(library) if "_BASE_URI" in name]:
            patch.setattr(library, name, f"{server.url}/v1/Account")
        with plivo.RestClient(auth_id, TOKEN) as signed_in:
            yield signed_in


async def within_2_s(do: Callable[..., Any], *given: Any, **more: Any) -> Any:
    """What the library gets, within the two seconds that an answer may take: three times that on a busy machine."""
    began_at = time.monotonic()
    result = await asyncio.to_thread(partial(do, *given, **more))
    assert time.monotonic() - began_at < 3 * 2
    return result


async def until(look: Callable[[], Any]) -> Any:
    """What `look` finds, once it finds something."""
    for _ in range(100):
        found = await asyncio.to_thread(look)
        if found:
            return found
        await asyncio.sleep(0.1)
    raise AssertionError("it did not come")


async def test_an_application_answers_its_number(
    server: Server, app: Application, client: plivo.RestClient
) -> None:
    for path, document in DOCUMENTS.items():
        app.on(path, page(200, document, "application/xml"))
    hangup_url = f"{app.url}/hangup"
    made = await within_2_s(
        client.applications.create, "menu", answer_url=f"{app.url}/menu", hangup_url=hangup_url
    )
    attach = f"{server.url}/api/v1/Account/{ACCOUNT_SID}/numbers/%2B{NUMBER}/application"
    headers = {"x-auth-id": ACCOUNT_SID, "x-auth-token": TOKEN}
    answer = httpx2.post(attach, json={"application_id": made.app_id}, headers=headers, trust_env=False)
    assert answer.status_code == 200, answer.text
    phone = await Phone.open()
    try:
        async with asyncio.timeout(30):
            await phone.invite(NUMBER, server.sip_port)
            await phone.over.wait()
            told = await until(lambda: [each for each in app.requests if each.path == "/hangup"])
    finally:
        await phone.close()
    form = dict(told[0].form)
    assert (form["Event"], form["HangupCauseCode"], form["HangupSource"]) == ("Hangup", "4000", "Answer XML")
    record = await until(lambda: asked(server, f"/cdr/{form['CallUUID']}").json().get("data"))
    assert (record["destination_number"].lstrip("+"), record["hangup_disposition"]) == (NUMBER, "ANSWERED")
    of_record = ("hangup_cause", "hangup_cause_code", "hangup_cause_name", "hangup_source")
    of_callback = ("HangupCause", "HangupCauseCode", "HangupCauseName", "HangupSource")
    assert [str(record[name]) for name in of_record] == [form[name] for name in of_callback]


async def test_a_call_that_is_made_and_all_that_is_done_to_it(
    server: Server, app: Application, client: plivo.RestClient
) -> None:
    for path, document in DOCUMENTS.items():
        app.on(path, page(200, document, "application/xml"))
    phone = await Phone.open()
    calls = client.calls
    try:
        async with asyncio.timeout(60):
            made = await within_2_s(
                calls.create,
                from_="+15550001",
                to_=f"sip:phone@127.0.0.1:{phone.port}",
                answer_url=f"{app.url}/answer",
                hangup_url=f"{app.url}/hangup",
                ring_url=f"{app.url}/ring",
            )
            name = made.request_uuid
            await phone.expect()
            phone.respond(180, "Ringing")
            phone.respond(200, "OK")
            await until(lambda: name in client.live_calls.list_ids().calls)
            await until(lambda: client.live_calls.get(name).call_status == "in-progress")
            begun = await within_2_s(calls.record, name, file_format="wav")
            await within_2_s(calls.speak, name, "one two three four five", loop=True)
            await phone.hears_something()
            await within_2_s(calls.speak_stop, name)
            await within_2_s(calls.send_digits, name, "42#", leg="aleg")
            await phone.until(lambda: phone.keys_heard() == "42#")
            await within_2_s(calls.record_stop, name)
            recording = await until(
                lambda: [
                    each
                    for each in client.recordings.list(call_uuid=name)
                    if each.recording_status == "completed"
                ]
            )
            assert recording[0].recording_id == begun.recording_id
            sound = asked(server, f"/Recording/{begun.recording_id}.wav")
            assert (sound.status_code, len(sound.content) > 8000) == (200, True)
            await within_2_s(calls.transfer, name, legs="aleg", aleg_url=f"{app.url}/other")
            await until(lambda: [each for each in app.requests if each.path == "/other"])
            await within_2_s(calls.hangup, name)
            await phone.over.wait()
            told = await until(lambda: [each for each in app.requests if each.path == "/hangup"])
            await until(lambda: asked(server, f"/cdr/{name}").status_code == 200)
    finally:
        await phone.close()
    form = dict(told[0].form)
    assert uuid.UUID(name) == uuid.UUID(form["CallUUID"])
    assert (form["HangupCauseCode"], form["HangupSource"]) == ("4000", "API Request")
    assert [dict(each.form)["Event"] for each in app.requests if each.path == "/ring"] == ["Ring"]
    record = asked(server, f"/cdr/{name}").json()["data"]
    assert (record["hangup_source"], record["call_direction"]) == ("API Request", "outbound")
    await asyncio.to_thread(client.recordings.delete, begun.recording_id)
    with pytest.raises(plivo.exceptions.ResourceNotFoundError):
        await asyncio.to_thread(client.recordings.get, begun.recording_id)
