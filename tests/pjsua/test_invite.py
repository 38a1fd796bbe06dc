"""What is read of an INVITE, and that nothing a stranger sends can break the reading."""

import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.pjsua.invite import read_invite, user_part

INVITE = "\r\n".join(
    [
        "INVITE sip:%2B15550123@10.0.0.1:5060;transport=udp SIP/2.0",
        "Via: SIP/2.0/UDP 10.0.0.2;branch=z9hG4bK1",
        'f: "Ada \\"The\\" Caller" <sip:+15550100@carrier.example>;tag=1',
        "To: <sip:+15550123@10.0.0.1>",
        "i: abc@10.0.0.2",
        "X-Order: 42",
        "x-note: a long",
        " value",
        "Diversion: <sip:+15550199@carrier.example>;reason=busy",
        "P-Asserted-Identity: <sip:+15550100@carrier.example>",
        "User-Agent: Phone",
        "",
        "v=0",
        "X-Not-A-Header: body",
    ]
)


def test_everything_we_need_is_found() -> None:
    invite = read_invite(INVITE, "10.0.0.2:5060")
    assert (invite.called, invite.caller, invite.caller_name) == (
        "+15550123",
        "+15550100",
        'Ada "The" Caller',
    )
    assert invite.diversion == "+15550199"
    assert invite.sip_call_id == "abc@10.0.0.2"
    assert invite.headers == (
        ("X-Order", "42"),
        ("x-note", "a long value"),
        ("Diversion", "<sip:+15550199@carrier.example>;reason=busy"),
        ("P-Asserted-Identity", "<sip:+15550100@carrier.example>"),
    )


@pytest.mark.parametrize("end", ["\n", "\r"])
def test_lines_that_end_as_the_library_lets_them_are_read_too(end: str) -> None:
    whole = read_invite(INVITE, "10.0.0.2:5060")
    assert read_invite(INVITE.replace("\r\n", end), "10.0.0.2:5060") == whole


@pytest.mark.parametrize(
    ("uri", "user"),
    [
        ("sip:1000@127.0.0.1:5060", "1000"),
        ("<sip:1000:secret@host;user=phone>;tag=2", "1000"),
        ("sips:ada%20l@host", "ada l"),
        ("tel:+15550100;phone-context=x", "+15550100"),
        ("sip:host.example:5070", "host.example"),
        ("Anonymous <sip:anonymous@anonymous.invalid>", "anonymous"),
        ("nonsense", ""),
        ("", ""),
    ],
)
def test_the_user_of_a_uri(uri: str, user: str) -> None:
    assert user_part(uri) == user


@given(st.text(), st.text())
def test_anything_can_be_read(message: str, source: str) -> None:
    invite = read_invite(message, source)
    assert isinstance(invite.called, str)
    read_invite(INVITE.replace("Ada", message.replace("\r", "").replace("\n", "")), source)


@pytest.mark.parametrize(("number", "cseq"), [("0" * 5000, None), ("2147483647", 2147483647), ("-1", None)])
def test_a_number_that_no_request_has_is_none(number: str, cseq: int | None) -> None:
    assert read_invite(f"INVITE sip:a SIP/2.0\r\nCSeq: {number} INVITE\r\n\r\n", "127.0.0.1:5").cseq == cseq


@pytest.mark.parametrize("name", [f"a{' ' * 60_000}b", f'"a"{" " * 60_000}b', " a" * 30_000, '\\"' * 30_000])
def test_endless_names_are_read_in_no_time(name: str) -> None:
    began = time.process_time()
    read_invite(f"INVITE sip:1@host SIP/2.0\r\nFrom: {name} <sip:a@b>;tag=1\r\n\r\n", "10.0.0.2:5060")
    assert time.process_time() - began < 1.0
