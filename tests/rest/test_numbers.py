from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.rest import forms
from offhook.rest.errors import Refusal
from tests.records import story
from tests.rest.site import Site

NUMBERS = "/IncomingPhoneNumbers"


async def create(site: Site, **form: str) -> Any:
    """A number, as the answer shows it."""
    return await site.json(site.at(NUMBERS), method="POST", form={"PhoneNumber": "+15550001234", **form})


async def application(site: Site, name: str) -> str:
    """The sid of a new application."""
    made = await site.json(site.at("/Applications"), method="POST", form={"FriendlyName": name})
    return str(made["sid"])


async def test_a_new_number_says_where_calls_are_answered(site: Site) -> None:
    made = await create(
        site,
        FriendlyName="Front desk",
        VoiceUrl="https://app.example/voice?a=1&b=ü",
        VoiceMethod="get",
        VoiceFallbackUrl="http://app.example:8080/fallback",
        StatusCallback="http://127.0.0.1:5000/status",
    )
    sid = made["sid"]
    assert sid.startswith("PN")
    assert len(sid) == 34
    assert made["account_sid"] == site.account.sid
    assert (made["phone_number"], made["friendly_name"]) == ("+15550001234", "Front desk")
    assert (made["voice_url"], made["voice_method"]) == ("https://app.example/voice?a=1&b=ü", "GET")
    assert (made["voice_fallback_method"], made["status_callback_method"]) == ("POST", "POST")
    assert made["uri"] == f"/2012-04-24/Accounts/{site.account.sid}/IncomingPhoneNumbers/{sid}.json"
    assert await site.json(site.at(f"{NUMBERS}/{sid}")) == made


async def test_json_shows_what_is_not_set_as_null(site: Site) -> None:
    made = await create(site)
    assert made["friendly_name"] == "+15550001234"
    for name in ("voice_url", "sms_url", "ussd_method", "refer_application_sid", "voice_application_name"):
        assert made[name] is None
    assert made["capabilities"] == {
        "voice_capable": None,
        "sms_capable": None,
        "mms_capable": None,
        "fax_capable": None,
    }


async def test_every_property_is_kept(site: Site) -> None:
    form = {
        "VoiceCallerIdLookup": "true",
        "VoiceApplicationSid": await application(site, "1"),
        "SmsUrl": "http://app.example/sms",
        "SmsMethod": "GET",
        "SmsFallbackUrl": "http://app.example/sms2",
        "SmsFallbackMethod": "POST",
        "SmsApplicationSid": await application(site, "2"),
        "UssdUrl": "http://app.example/ussd",
        "UssdMethod": "GET",
        "UssdFallbackUrl": "http://app.example/ussd2",
        "UssdFallbackMethod": "POST",
        "UssdApplicationSid": await application(site, "3"),
        "ReferUrl": "http://app.example/refer",
        "ReferMethod": "GET",
        "ReferApplicationSid": await application(site, "4"),
        "ApiVersion": "2012-04-24",
    }
    made = await create(site, **form, VoiceCapable="true", SmsCapable="false")
    for name, value in form.items():
        snake = "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")
        assert made[snake] == (value == "true" if value == "true" else value)
    assert made["capabilities"]["voice_capable"] is True
    assert made["capabilities"]["sms_capable"] is False


@pytest.mark.parametrize(
    "phone_number", ["", "5551234", "15551234567", "+0155512345", "+1 555 123 4567", "+123456", "+1555١٢٣٤"]
)
async def test_a_number_that_is_not_e164_is_refused_with_what_is_right(site: Site, phone_number: str) -> None:
    answer = await site.ask(site.at(f"{NUMBERS}.json"), method="POST", form={"PhoneNumber": phone_number})
    assert answer.status_code == 400
    message = answer.json()["message"]
    assert message == "PhoneNumber is required." or "+15551234567" in message


@pytest.mark.parametrize("name", ["1000", "ada", "front-desk.berlin", "*97", "+15550009999"])
async def test_a_sip_name_is_taken_when_it_says_so(site: Site, name: str) -> None:
    made = await create(site, PhoneNumber=name, isSIP="true")
    assert made["phone_number"] == name


@pytest.mark.parametrize("name", ["a b", "ada@example.com", "<ada>", 'a"b', "a\x07b", "a\r\nb", "x" * 129])
async def test_a_sip_name_is_a_user_part(site: Site, name: str) -> None:
    form = {"PhoneNumber": name, "isSIP": "true"}
    answer = await site.ask(site.at(f"{NUMBERS}.json"), method="POST", form=form)
    assert answer.status_code == 400
    assert "user part" in answer.json()["message"]


async def test_a_number_in_use_is_a_clash_wherever_it_is(site: Site) -> None:
    await create(site)
    other = story.account(site.database)
    for user in (site.account, other):
        answer = await site.ask(
            site.at(f"{NUMBERS}.json", account=user.sid),
            method="POST",
            user=user,
            form={"PhoneNumber": "+15550001234"},
        )
        assert (answer.status_code, answer.json()["code"]) == (400, 21452)


@pytest.mark.parametrize(
    ("name", "value", "said"),
    [
        ("VoiceUrl", "/relative", "absolute http or https URL"),
        ("VoiceUrl", "ftp://app.example/", "absolute http or https URL"),
        ("VoiceUrl", "javascript:alert(1)", "absolute http or https URL"),
        ("VoiceUrl", "http://", "absolute http or https URL"),
        ("VoiceUrl", "http://a b/", "absolute http or https URL"),
        ("VoiceUrl", "http://a/\r\nX: 1", "absolute http or https URL"),
        ("VoiceUrl", "http://[::1", "absolute http or https URL"),
        ("VoiceUrl", "http://a:99999/", "absolute http or https URL"),
        ("StatusCallback", "http://" + "a" * 3000, "absolute http or https URL"),
        ("VoiceMethod", "PUT", "GET or POST"),
        ("VoiceCallerIdLookup", "maybe", "true or false"),
        ("isSIP", "maybe", "true or false"),
        ("FriendlyName", "two\nlines", "single line"),
        ("FriendlyName", "x" * 129, "128"),
    ],
)
async def test_a_bad_value_is_named(site: Site, name: str, value: str, said: str) -> None:
    form = {"PhoneNumber": "+15550001234", name: value}
    answer = await site.ask(site.at(f"{NUMBERS}.json"), method="POST", form=form)
    assert answer.status_code == 400
    assert answer.json()["message"].startswith(name)
    assert said in answer.json()["message"]


async def test_names_are_case_sensitive_and_unknown_ones_ignored(site: Site) -> None:
    made = await create(site, voiceurl="http://app.example/", Sid="PNmine", AccountSid="ACmine")
    assert made["voice_url"] is None
    assert made["sid"] != "PNmine"
    assert made["account_sid"] == site.account.sid


@pytest.mark.parametrize("method", ["POST", "PUT"])
async def test_an_update_changes_what_is_given_and_clears_what_is_empty(site: Site, method: str) -> None:
    made = await create(site, FriendlyName="Desk", VoiceUrl="http://app.example/a", VoiceMethod="GET")
    path = site.at(f"{NUMBERS}/{made['sid']}")
    form = {"VoiceUrl": "", "StatusCallback": "http://app.example/s", "PhoneNumber": "+15559999999"}
    changed = await site.json(path, method=method, form=form)
    assert (changed["voice_url"], changed["status_callback"]) == (None, "http://app.example/s")
    assert (changed["friendly_name"], changed["voice_method"]) == ("Desk", "GET")
    assert changed["phone_number"] == "+15550001234"
    shown = await site.json(path)
    assert shown == changed


async def test_a_deleted_number_is_gone(site: Site) -> None:
    made = await create(site)
    path = site.at(f"{NUMBERS}/{made['sid']}.json")
    answer = await site.ask(path, method="DELETE")
    assert (answer.status_code, answer.content) == (204, b"")
    assert (await site.ask(path)).status_code == 404
    assert (await site.ask(path, method="DELETE")).status_code == 404
    assert (await site.ask(path, method="POST", form={})).status_code == 404
    await create(site)


async def test_numbers_are_listed_and_narrowed(site: Site) -> None:
    await create(site, FriendlyName="Desk")
    await create(site, PhoneNumber="+4420001234", FriendlyName="London")
    assert (await site.json(site.at(NUMBERS)))["total"] == 2
    page = await site.json(site.at(f"{NUMBERS}?PhoneNumber=%2B44%25"))
    (number,) = page["incomingPhoneNumbers"]
    assert number["friendly_name"] == "London"
    assert "PhoneNumber=%2B44%25" in page["first_page_uri"]
    assert (await site.json(site.at(f"{NUMBERS}?FriendlyName=Desk")))["total"] == 1


async def test_a_number_in_xml(site: Site) -> None:
    made = await create(site, VoiceUrl="http://app.example/?a=1&b=<2>")
    answer = await site.ask(site.at(f"{NUMBERS}/{made['sid']}"))
    assert answer.headers["content-type"] == "application/xml"
    assert f"<RestcommResponse><IncomingPhoneNumber><Sid>{made['sid']}</Sid>" in answer.text
    assert "<VoiceUrl>http://app.example/?a=1&amp;b=&lt;2&gt;</VoiceUrl>" in answer.text
    assert f"/IncomingPhoneNumbers/{made['sid']}</Uri>" in answer.text
    assert "<SmsUrl>" not in answer.text


@given(st.text())
def test_any_text_is_a_url_or_refused(text: str) -> None:
    try:
        url = forms.url({"VoiceUrl": text}, "VoiceUrl")
    except Refusal:
        return
    assert url is None or url.startswith(("http://", "https://", "HTTP", "Http"))
