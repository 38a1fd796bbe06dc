"""Whatever a form holds, the answer is a resource or says what is wrong; nothing breaks."""

from itertools import product

import pytest

from tests.rest.site import Site

STRANGE = [
    "",
    " ",
    "\x00",
    "a\r\nb: c",
    "😀" * 40,
    "%00%s",
    "'; DROP TABLE accounts",
    "x" * 5000,
    "-1",
    "1e400",
]
FORMS = {
    "": ["FriendlyName", "Password", "Status", "Role", "Metadata", "RecordAll"],
    "/Users": ["EmailAddress", "Password", "FriendlyName", "Role", "Status"],
    "/ApiKeys": ["FriendlyName"],
    "/Applications": ["FriendlyName", "RcmlUrl", "Kind", "ApiVersion", "VoiceCallerIdLookup"],
    "/Clients": [
        "Login",
        "Password",
        "FriendlyName",
        "Status",
        "VoiceUrl",
        "VoiceApplicationSid",
        "ContactUri",
    ],
    "/OutgoingCallerIds": ["PhoneNumber", "FriendlyName"],
    "/IncomingPhoneNumbers": ["PhoneNumber", "AreaCode", "VoiceApplicationSid", "Metadata", "RecordAll"],
    "/IncomingPhoneNumbers/Local": ["PhoneNumber", "isSIP"],
}
RIGHT = {
    "EmailAddress": "ada@example.com",
    "FriendlyName": "Ada",
    "Login": "ada",
    "Password": "correct horse battery",
    "PhoneNumber": "+14155550123",
}


@pytest.mark.parametrize("path", FORMS)
async def test_no_value_breaks_anything(site: Site, path: str) -> None:
    for name, value in product(FORMS[path], STRANGE):
        form = {**(RIGHT if path else {}), name: value}
        answer = await site.ask(site.at(f"{path}.json"), method="POST", form=form)
        assert answer.status_code in (200, 400, 403, 409), (name, value, answer.text)
        if answer.status_code != 200:
            assert answer.json()["message"]


@pytest.mark.parametrize("path", ["/Users", "/ApiKeys", "/Applications", "/Clients", "/OutgoingCallerIds"])
async def test_no_sid_breaks_anything(site: Site, path: str) -> None:
    for sid in ("x", "%00", "%ED%A0%80", "%F0%9F%98%80", "'", "x" * 3000, "AP" + "0" * 32, "%2e%2e"):
        for method in ("GET", "POST", "PUT", "DELETE"):
            answer = await site.ask(
                site.at(f"{path}/{sid}"), method=method, headers={"accept": "application/json"}
            )
            assert answer.status_code == 404, (sid, method, answer.text)
            assert answer.json()["message"]
