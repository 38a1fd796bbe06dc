"""REFER and NOTIFY, read and written."""

import pytest

from offhook.pjsua.referral import Fragment, Referral, fragment, notify_headers, read_fragment, read_referral


def message(*lines: str, body: str = "") -> str:
    return "\r\n".join((*lines, "", body))


@pytest.mark.parametrize(
    ("refer_to", "target"),
    [
        ("<sip:bob@example.com>", "sip:bob@example.com"),
        ("sip:bob@example.com", "sip:bob@example.com"),
        ("<sip:bob@example.com?Replaces=a%3Bto-tag%3Db>", "sip:bob@example.com"),
        ('"Bob" <sip:+15550100;phone-context=x@example.com;user=phone>;a=b',
         "sip:+15550100;phone-context=x@example.com;user=phone"),
        ("tel:+15550100", "tel:+15550100"),
        ("", ""),
    ],
)  # fmt: skip
def test_the_target_is_read_without_its_headers(refer_to: str, target: str) -> None:
    read = read_referral(message("REFER sip:a@b SIP/2.0", f"Refer-To: {refer_to}"))
    assert read.target == target


def test_compact_headers_and_tags_are_read() -> None:
    read = read_referral(
        message(
            "REFER sip:a@b SIP/2.0",
            "f: <sip:x@y>;tag=one",
            "t: <sip:z@y>;tag=two",
            "i: abc@host",
            "r: <sip:bob@example.com>",
            "b: <sip:boss@example.com>",
            "CSeq: 7 REFER",
        )
    )
    assert read == Referral("sip:bob@example.com", "boss", "abc@host", "one", "two", 7)


@pytest.mark.parametrize(
    ("state", "body", "told"),
    [
        ("active;expires=60", "SIP/2.0 100 Trying\r\n", Fragment(100, False)),
        ("active", "SIP/2.0 200 OK", Fragment(200, True)),
        ("terminated;reason=noresource", "SIP/2.0 486 Busy\r\n", Fragment(486, True)),
        ("terminated", "", Fragment(None, True)),
        ("active", "nonsense", Fragment(None, False)),
    ],
)
def test_what_is_told_of_a_call_is_read(state: str, body: str, told: Fragment) -> None:
    lines = ("NOTIFY sip:a@b SIP/2.0", "Event: refer;id=3", f"Subscription-State: {state}")
    assert read_fragment(message(*lines, body=body)) == told


def test_news_of_something_else_is_none() -> None:
    assert read_fragment(message("NOTIFY sip:a@b SIP/2.0", "Event: message-summary")) is None


@pytest.mark.parametrize("status", [100, 180, 200, 404, 486, 603, 699])
def test_what_we_tell_can_be_read_again(status: int) -> None:
    headers = [f"{name}: {value}" for name, value in notify_headers(status, 5).items()]
    assert "Event : refer;id=5" in headers
    told = read_fragment(message("NOTIFY sip:a@b SIP/2.0", *headers, body=fragment(status)))
    assert told == Fragment(status, status >= 200)
