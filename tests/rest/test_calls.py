import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from offhook.call.errors import NoFreeSlot
from offhook.call.info import CallStatus, new_id
from offhook.call.rows import RecordAll
from offhook.rest.errors import Refusal
from offhook.rest.ports import CallRefused, NewCall, StatusEvent
from offhook.rest.restcomm.new_call import read_new_call
from offhook.verbs import Method, Target
from tests.records.story import INSTANCE, after, finished, progressed, started
from tests.rest.site import Site

CALL = "d9e08ede8b604e739ba7d0bd477fdf49"
SID = f"ID{INSTANCE}-CA{CALL}"
WANTED = {"From": "+15550001", "To": "+15550002", "Url": "http://app.example/voice"}


def no_application(_sid: str) -> None:
    """An account without applications."""


async def place(site: Site, **form: str) -> Any:
    return await site.json(site.at("/Calls"), method="POST", form={**WANTED, **form})


def finished_call(site: Site) -> None:
    site.record(
        started(
            site.account.sid,
            CALL,
            after(0),
            caller_name="Ada & Söhne",
            number_sid="PN" + "1" * 32,
            metadata='{"order":7}',
        ),
        progressed(site.account.sid, CALL, after(2.5), CallStatus.IN_PROGRESS),
        finished(site.account.sid, CALL, after(9.75), duration_s=7.25, ring_duration_s=2.5),
    )


async def test_a_call_shows_its_life(site: Site) -> None:
    finished_call(site)
    account = f"/2012-04-24/Accounts/{site.account.sid}"
    assert await site.json(site.at(f"/Calls/{SID}")) == {
        "sid": SID,
        "InstanceId": f"ID{INSTANCE}",
        "date_created": "Mon, 9 Mar 2026 12:00:00 +0000",
        "date_updated": "Mon, 9 Mar 2026 12:00:09 +0000",
        "account_sid": site.account.sid,
        "to": "+15550002",
        "from": "+15550001",
        "phone_number_sid": "PN" + "1" * 32,
        "status": "completed",
        "start_time": "2026-03-09T12:00:02.500+00:00",
        "end_time": "2026-03-09T12:00:09.750+00:00",
        "duration": 7,
        "direction": "inbound",
        "api_version": "2012-04-24",
        "caller_name": "Ada & Söhne",
        "uri": f"{account}/Calls/{SID}.json",
        "ring_duration": 2,
        "metadata": {"order": 7},
        "subresource_uris": {
            "notifications": f"{account}/Calls/{SID}/Notifications.json",
            "recordings": f"{account}/Calls/{SID}/Recordings.json",
        },
    }


async def test_a_call_in_xml(site: Site) -> None:
    finished_call(site)
    answer = await site.ask(site.at(f"/Calls/{SID}"))
    call = etree.fromstring(answer.content).find("Call")
    assert call.findtext("Sid") == SID
    assert call.findtext("InstanceId") == f"ID{INSTANCE}"
    assert call.findtext("CallerName") == "Ada & Söhne"
    assert call.findtext("Ring_duration") == "2"
    assert json.loads(call.findtext("Metadata")) == {"order": 7}
    assert call.findtext("SubresourceUris/Notifications").endswith(f"{SID}/Notifications")
    assert call.find("ParentCallSid") is None


async def test_a_list_in_xml_carries_its_paging(site: Site) -> None:
    for number in range(3):
        site.record(started(site.account.sid, new_id(), after(number), from_="a\x0bb<&>\ud800"))
    answer = await site.ask(site.at("/Calls?PageSize=2"))
    calls = etree.fromstring(answer.content).find("Calls")
    assert dict(calls.attrib) == {
        "page": "0",
        "numpages": "1",
        "pagesize": "2",
        "total": "3",
        "start": "0",
        "end": "1",
        "uri": site.at("/Calls"),
        "firstpageuri": site.at("/Calls?Page=0&PageSize=2"),
        "previouspageuri": "null",
        "nextpageuri": site.at(f"/Calls?Page=1&PageSize=2&AfterSid={calls[-1].findtext('Sid')}"),
        "lastpageuri": site.at("/Calls?Page=1&PageSize=2"),
    }
    assert [call.findtext("From") for call in calls] == ["a\ufffdb<&>\ufffd"] * 2


async def test_a_call_is_found_with_or_without_its_instance(site: Site) -> None:
    finished_call(site)
    assert (await site.json(site.at(f"/Calls/CA{CALL}")))["sid"] == SID
    for sid in (CALL, f"CA{'0' * 32}", f"ID{'0' * 32}-CA{CALL}", "CA", "%00", f"{SID}x"):
        assert (await site.ask(site.at(f"/Calls/{sid}"))).status_code == 404


async def test_calls_are_narrowed_by_what_the_query_says(site: Site) -> None:
    for day in range(3):
        call_id = new_id()
        begins = after(day * 86400)
        site.record(started(site.account.sid, call_id, begins, from_=f"+1555000{day}"))
        if day < 2:
            site.record(finished(site.account.sid, call_id, after(day * 86400 + 60)))

    async def total(**query: str) -> int:
        answer = await site.ask(site.at("/Calls.json"), params=query)
        assert answer.status_code == 200, answer.text
        return int(answer.json()["total"])

    assert await total() == 3
    assert await total(From="+15550001") == 1
    assert await total(From="+1555%") == 3
    assert await total(To="nobody") == 0
    assert await total(Status="completed") == 2
    assert await total(StartTime="2026-03-10") == 2
    assert await total(EndTime="2026-03-09") == 1
    assert await total(EndTime="2026-03-10", StartTime="2026-03-10") == 1
    assert await total(StartTime="2026-03-10T12:00:00.001") == 1
    assert await total(ParentCallSid=SID) == 0
    assert await total(ParentCallSid="nonsense") == 0
    assert await total(status="completed") == 3


@pytest.mark.parametrize(
    ("query", "named"),
    [("StartTime=2018-02-30", "StartTime"), ("EndTime=x", "EndTime"), ("Status=done", "Status")],
)
async def test_a_bad_filter_is_named(site: Site, query: str, named: str) -> None:
    answer = await site.ask(site.at(f"/Calls.json?{query}"))
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(f"{named} must be")


async def test_a_new_call_needs_three_parameters(site: Site) -> None:
    made = await place(site)
    assert (made["status"], made["direction"]) == ("queued", "outbound-api")
    assert "end_time" not in made
    assert site.lines.placed == [
        NewCall(
            account_sid=site.account.sid,
            from_="+15550001",
            to="+15550002",
            application=Target("http://app.example/voice", Method.POST),
        )
    ]
    for name in WANTED:
        form = {key: value for key, value in WANTED.items() if key != name}
        answer = await site.ask(site.at("/Calls.json"), method="POST", form=form)
        assert (answer.status_code, answer.json()["message"]) == (400, f"{name} is required.")


async def test_a_new_call_takes_all_parameters(site: Site) -> None:
    made = await place(
        site,
        To="sip:ada@example.com:5070;transport=tcp?X-Order=7&x-note=a%20b",
        Method="GET",
        FallbackUrl="http://app.example/fallback",
        FallbackMethod="GET",
        StatusCallback="http://app.example/status",
        StatusCallbackMethod="GET",
        StatusCallbackEvent="answered, completed",
        Timeout="600",
        Metadata=' {"order": 7, "who": "Söhne \U0001f600"} ',
    )
    (call,) = site.lines.placed
    assert call.to == "sip:ada@example.com:5070;transport=tcp"
    assert call.sip_headers == (("X-Order", "7"), ("x-note", "a b"))
    assert call.application == Target("http://app.example/voice", Method.GET)
    assert call.fallback == Target("http://app.example/fallback", Method.GET)
    assert call.status_callback == Target("http://app.example/status", Method.GET)
    assert call.status_events == {StatusEvent.ANSWERED, StatusEvent.COMPLETED}
    assert call.timeout_s == 600
    assert made["metadata"] == {"order": 7, "who": "Söhne \U0001f600"}


@pytest.mark.parametrize(
    "events", ["", "initiated ringing answered completed", "completed,initiated ringing,answered"]
)
async def test_all_events_are_told_unless_some_are_named(site: Site, events: str) -> None:
    await place(site, StatusCallbackEvent=events)
    assert site.lines.placed[0].status_events == frozenset(StatusEvent)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("To", "ada", "To must be a number"),
        ("To", "client:", "To must be a number"),
        ("To", "client:ada <evil>", "To must be a number"),
        ("ApplicationSid", "AP" + 32 * "1", "Give Url or ApplicationSid, not both"),
        ("Password", "secret", "Password is of use with a Username only"),
        ("SendDigits", "12x", "SendDigits must be up to 64 keys"),
        ("Record", "perhaps", "Record must be true or false"),
        ("RecordAll", "quad", "RecordAll must be mono, stereo or none"),
        ("To", "sip:", "To must be a number"),
        ("To", "sip:ada@example.com\r\nX: 1", "To must be a number"),
        ("To", "+1555 123", "To must be a number"),
        ("To", "sip:" + "a" * 300, "To must be a number"),
        ("To", "+15550002?Route=evil", "begins with X-"),
        ("To", "+15550002?X-A:=1", "begins with X-"),
        ("To", "+15550002?X-A=1%0d%0aRoute:%20evil", "To: the value of X-A must be a single line"),
        ("To", "+15550002?" + "&".join(f"X-{n}=1" for n in range(30)), "up to 20 custom headers"),
        ("To", "+15550002?X-A", "custom headers"),
        ("From", "a b", "From must be"),
        ("From", "a\tb", "From must be"),
        ("Url", "voice.xml", "Url must be an absolute"),
        ("FallbackUrl", "x", "FallbackUrl must be an absolute"),
        ("StatusCallback", "x", "StatusCallback must be an absolute"),
        ("Method", "DELETE", "Method must be GET or POST"),
        ("StatusCallbackEvent", "answered hangup", "StatusCallbackEvent must be some of initiated ringing"),
        ("Timeout", "0", "Timeout must be a whole number of seconds from 1 to 600"),
        ("Timeout", "601", "Timeout must be"),
        ("Timeout", "1.5", "Timeout must be"),
        ("Timeout", "٣", "Timeout must be"),
        ("Metadata", "[1]", "Metadata must be a JSON object"),
        ("Metadata", "{", "Metadata must be a JSON object"),
        ("Metadata", '{"a": NaN}', "Metadata must be a JSON object"),
        ("Metadata", '{"a": 1e999}', "Metadata must be a JSON object"),
        ("Metadata", '{"a":' + "[" * 4000 + "]" * 4000 + "}", "Metadata must be a JSON object"),
        ("Metadata", '{"a":"' + "x" * 10_000 + '"}', "Metadata must not be longer"),
    ],
)
async def test_a_bad_parameter_is_named_and_no_call_made(
    site: Site, name: str, value: str, said: str
) -> None:
    answer = await site.ask(site.at("/Calls.json"), method="POST", form={**WANTED, name: value})
    assert answer.status_code == 400
    assert said in answer.json()["message"]
    assert site.lines.placed == []


async def test_a_call_with_all_that_it_may_have(site: Site) -> None:
    await place(
        site,
        To="sip:ada@example.com",
        Username="ada",
        Password="secret",
        SendDigits="ww12#",
        Record="true",
        MachineDetection="Enable",
    )
    [call] = site.lines.placed
    assert (call.username, call.password, call.send_keys) == ("ada", "secret", "ww12#")
    assert call.record_all is RecordAll.MONO
    assert len(call.not_done) == 1
    assert "MachineDetection is not supported" in call.not_done[0]
    assert "secret" not in repr(call)


async def test_the_application_of_a_call_may_be_named(site: Site) -> None:
    form = {"FriendlyName": "menu", "RcmlUrl": "http://app.example/menu"}
    made = await site.json(site.at("/Applications"), method="POST", form=form)
    without_url = {"From": "+15550001", "To": "+15550002", "ApplicationSid": made["sid"], "Method": "GET"}
    await site.json(site.at("/Calls"), method="POST", form=without_url)
    assert site.lines.placed[0].application == Target("http://app.example/menu", Method.GET)


async def test_a_client_at_several_places_is_several_calls(site: Site) -> None:
    one = await place(site, To="client:ada")
    assert (one["to"], site.lines.placed[0].to) == ("client:ada", "client:ada")
    site.lines.places = 2
    many = await place(site, To="client:ada")
    assert [call["to"] for call in many] == ["client:ada"] * 2
    xml = await site.ask(site.at("/Calls"), method="POST", form={**WANTED, "To": "client:ada"})
    assert len(etree.fromstring(xml.content).findall("Calls/Call")) == 2


async def test_busy_lines_are_a_503_to_be_tried_again(site: Site) -> None:
    site.lines.refusal = NoFreeSlot("4 of 4 in use")
    answer = await site.ask(site.at("/Calls.json"), method="POST", form=WANTED)
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "5")
    assert "4 of 4" not in answer.text


async def test_a_refused_call_says_why(site: Site) -> None:
    site.lines.refusal = CallRefused("To cannot be dialled: no trunk is set up.")
    answer = await site.ask(site.at("/Calls.json"), method="POST", form=WANTED)
    assert (answer.status_code, answer.json()["message"]) == (400, site.lines.refusal.message)


async def test_half_a_surrogate_in_metadata_breaks_nothing(site: Site) -> None:
    made = await place(site, Metadata='{"a": "\\ud800"}')
    assert made["metadata"] == {"a": "?"}


@given(
    st.dictionaries(
        st.sampled_from([*WANTED, "Timeout", "Metadata", "StatusCallbackEvent", "Method", "StatusCallback"]),
        st.text(),
    ),
    st.booleans(),
)
def test_any_form_is_a_call_or_refused(form: dict[str, str], is_complete: bool) -> None:
    try:
        call = read_new_call({**(WANTED if is_complete else {}), **form}, "AC1", no_application)
    except Refusal as refusal:
        status = refusal.status
    else:
        status = 400
        assert 1 <= call.timeout_s <= 600
        assert call.application.url
        assert not any("\n" in part or "\r" in part for part in (call.from_, call.to))
    assert status == 400


@given(st.text())
def test_custom_headers_never_break_out_of_their_line(suffix: str) -> None:
    try:
        call = read_new_call({**WANTED, "To": f"+15550002?{suffix}"}, "AC1", no_application)
    except Refusal:
        return
    for name, value in call.sip_headers:
        assert name.upper().startswith("X-")
        assert not set("\r\n\x00") & set(name + value)
