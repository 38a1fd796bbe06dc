"""Making calls: what they are asked to be, bad input, several at once, and what the answer says."""

import uuid
from typing import Any

import pytest

from offhook.call.errors import NoFreeSlot
from offhook.call.info import new_id
from offhook.rest.ports import CallRefused, LimitReached, NewCall, RowsAway
from offhook.verbs import DetectMachine, Method, Target
from tests.rest.site import Site
from tests.rest.vobiz.asking import URL, refused, told

LEAST = {"from": "15550001", "to": "15550002", "answer_url": URL}


async def placed(site: Site, **fields: Any) -> NewCall:
    """The one call that is asked for."""
    said = await told(site, "/Call/", "POST", {**LEAST, **fields})
    assert said["message"] == "Call fired"
    assert uuid.UUID(said["request_uuid"])
    (call,) = site.lines.placed
    return call


async def test_the_least(site: Site) -> None:
    call = await placed(site)
    assert call == NewCall(
        account_sid=site.account.sid,
        from_="15550001",
        to="15550002",
        application=Target(URL, Method.POST),
        timeout_s=120,
        longest_s=14_400,
        language="vobiz",
    )


async def test_the_most(site: Site) -> None:
    call = await placed(
        site,
        answer_method="GET",
        ring_url="http://app.example/ring",
        ring_method="GET",
        hangup_url="http://app.example/hangup",
        fallback_url="http://app.example/fallback",
        fallback_method="GET",
        caller_name="Ada",
        send_digits="1wW2@500#",
        time_limit="60",
        ring_timeout="30",
        hangup_on_ring="20",
        sip_headers="Order=7, X-VH-Desk=Ada",
    )
    assert call == NewCall(
        account_sid=site.account.sid,
        from_="15550001",
        to="15550002",
        application=Target(URL, Method.GET),
        fallback=Target("http://app.example/fallback", Method.GET),
        ring=Target("http://app.example/ring", Method.GET),
        status_callback=Target("http://app.example/hangup"),
        caller_name="Ada",
        send_keys="1www2#",
        timeout_s=20,
        longest_s=60,
        sip_headers=(("X-VH-Order", "7"), ("X-VH-Desk", "Ada")),
        language="vobiz",
    )


async def test_numbers_may_be_numbers_and_headers_an_object(site: Site) -> None:
    call = await placed(site, **{"from": 15550001, "to": 15550002}, time_limit=60.0, sip_headers={"Order": 7})
    assert (call.from_, call.to, call.longest_s) == ("15550001", "15550002", 60)
    assert call.sip_headers == (("X-VH-Order", "7"),)


async def test_what_is_out_of_range_is_drawn_into_it(site: Site) -> None:
    call = await placed(site, ring_timeout=100_000, time_limit="0", machine_detection_time="1")
    assert (call.timeout_s, call.longest_s, call.not_done) == (600, 1, ())
    assert call.detection is None, "a time alone wants nothing"


async def test_what_is_not_done_is_said(site: Site) -> None:
    call = await placed(site, machine_detection="hangup", send_on_preanswer=True)
    assert [sentence.split(" ")[0] for sentence in call.not_done] == ["send_on_preanswer"]


DETECTED = "http://app.example/detected"
DETECTIONS: list[tuple[dict[str, Any], DetectMachine | None]] = [
    ({"machine_detection": "true"}, DetectMachine()),
    ({"machine_detection": True}, DetectMachine()),
    ({"machine_detection": "hangup"}, DetectMachine(hangs_up=True)),
    ({"machine_detection": "false"}, None),
    (
        {"machine_detection": "hangup", "machine_detection_url": DETECTED, "machine_detection_method": "GET"},
        DetectMachine(hangs_up=True, callback=Target(DETECTED, Method.GET), is_background=True),
    ),
    ({"machine_detection_url": DETECTED}, DetectMachine(callback=Target(DETECTED), is_background=True)),
    ({"machine_detection": "false", "machine_detection_url": DETECTED}, None),
    (
        {
            "machine_detection": "true",
            "machine_detection_time": "4000",
            "machine_detection_initial_silence": 4000,
            "machine_detection_initial_greeting": "2500",
            "machine_detection_maximum_words": 5,
            "machine_detection_maximum_speech_length": 4000.0,
        },
        DetectMachine(longest_s=4, silence_s=4, greeting_s=2.5, words=5, speech_s=4),
    ),
    (
        {
            "machine_detection": "true",
            "machine_detection_time": 1,
            "machine_detection_initial_silence": 99_999,
            "machine_detection_initial_greeting": "0",
            "machine_detection_maximum_words": 1,
            "machine_detection_maximum_speech_length": "999999",
        },
        DetectMachine(longest_s=2, silence_s=10, greeting_s=1, words=2, speech_s=6),
    ),
]


@pytest.mark.parametrize(("asked", "wanted"), DETECTIONS)
async def test_how_machines_are_detected(
    site: Site, asked: dict[str, Any], wanted: DetectMachine | None
) -> None:
    assert (await placed(site, **asked)).detection == wanted


@pytest.mark.parametrize(
    ("written", "called"),
    [
        ("+1 (555) 000-2000", "+15550002000"),
        ("sip:ada@example.com", "sip:ada@example.com"),
        ("sips:ada@example.com:5061;transport=tls", "sips:ada@example.com:5061;transport=tls"),
    ],
)
async def test_who_is_called(site: Site, written: str, called: str) -> None:
    assert (await placed(site, to=written)).to == called


WHAT_CANNOT_BE_IS_REFUSED: list[tuple[Any, ...]] = [
    ({"from": ""}, "from is required"),
    ({"to": None}, "to is required"),
    ({"answer_url": None}, "answer_url is required"),
    ({"answer_url": "app.example"}, "answer_url must be an absolute http"),
    ({"answer_method": "PUT"}, "answer_method must be GET or POST"),
    ({"to": "15550002,15550003"}, "not commas"),
    ({"to": "15550002<"}, "is neither"),
    ({"to": "ada"}, "is neither"),
    ({"to": "sip:a b@example.com"}, "is neither"),
    ({"to": "<".join(str(15550000 + number) for number in range(1001))}, "at most 1000"),
    ({"from": "a b"}, "from must be"),
    ({"time_limit": "soon"}, "time_limit must be a whole number"),
    ({"ring_timeout": "-1"}, "ring_timeout must be a whole number"),
    ({"send_digits": "1,2"}, "send_digits must be"),
    ({"sip_headers": "Order"}, "sip_headers must be name=value"),
    ({"sip_headers": "Or der=1"}, "sip_headers must be name=value"),
    ({"machine_detection": "perhaps"}, "machine_detection must be one of"),
    ({"machine_detection_time": "soon"}, "machine_detection_time must be a whole number"),
    ({"machine_detection_url": "app.example"}, "machine_detection_url must be an absolute http"),
    (
        {"machine_detection_url": DETECTED, "machine_detection_method": "PUT"},
        "machine_detection_method must be",
    ),
    ({"caller_name": 51 * "a"}, "not be longer than 50"),
    ({"ring_url": "javascript:x"}, "ring_url must be"),
]


async def test_what_cannot_be_is_refused(site: Site) -> None:
    for changed, words in WHAT_CANNOT_BE_IS_REFUSED:
        status, said = await refused(site, "/Call/", "POST", {**LEAST, **changed})
        assert (status, words in said) == (400, True), said
        assert site.lines.placed == []


async def test_several_are_called(site: Site) -> None:
    said = await told(site, "/Call", "POST", {**LEAST, "to": "1001<1002<sip:ada@example.com<1001"})
    assert said["message"] == "Calls fired"
    assert len(set(said["request_uuid"])) == 3
    assert [call.to for call in site.lines.placed] == ["1001", "1002", "sip:ada@example.com"]


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (CallRefused("99 may not be called", is_destination=True), 400),
        (LimitReached("The account has 5 calls.", 2), 429),
        (NoFreeSlot("full"), 429),
    ],
)
@pytest.mark.parametrize("to", ["15550002", "15550002<15550003"])
async def test_one_that_cannot_be_made(site: Site, refusal: Exception, status: int, to: str) -> None:
    site.lines.refusal = refusal
    assert (await refused(site, "/Call/", "POST", {**LEAST, "to": to}))[0] == status


async def test_of_several_those_that_were_not_called_are_told(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = site.lines.place

    async def some(call: NewCall) -> Any:
        if call.to == "1002":
            raise CallRefused("1002 may not be called")
        return await place(call)

    monkeypatch.setattr(site.lines, "place", some)
    said = await told(site, "/Call/", "POST", {**LEAST, "to": "1001<1002"})
    assert len(said["request_uuid"]) == 1
    assert said["not_called"] == [{"to": "1002", "error": "1002 may not be called"}]


async def test_a_call_that_exists_is_never_an_error(site: Site) -> None:
    call_id = new_id()
    site.lines.refusal = RowsAway((call_id,))
    said = await told(site, "/Call/", "POST", LEAST)
    assert uuid.UUID(said["request_uuid"]).hex == call_id
