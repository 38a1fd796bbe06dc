"""Keys in SIP INFO whose body is the key alone."""

import pytest

from offhook.pjsua.info_key import key_of_info


def info(content_type: str, body: str) -> str:
    return (
        f"INFO sip:a@b SIP/2.0\r\nCSeq: 2 INFO\r\n{content_type}\r\nContent-Length: {len(body)}\r\n\r\n{body}"
    )


@pytest.mark.parametrize("content_type", ["Content-Type: application/dtmf", "c:Application/DTMF ;q=1"])
@pytest.mark.parametrize(("body", "key"), [("5", "5"), ("#\r\n", "#"), (" * ", "*"), ("d", "D")])
def test_the_body_is_the_key(content_type: str, body: str, key: str) -> None:
    assert key_of_info(info(content_type, body)) == key


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        ("Content-Type: application/dtmf-relay", "5"),
        ("Content-Type: text/plain", "5"),
        ("Content-Type: application/dtmf", ""),
        ("Content-Type: application/dtmf", "55"),
        ("Content-Type: application/dtmf", "E"),
        ("Content-Type: application/dtmf", "٣"),
        ("X-Other: Content-Type: application/dtmf", "5"),
    ],
)
def test_nothing_else_is_a_key(content_type: str, body: str) -> None:
    assert key_of_info(info(content_type, body)) is None


def test_a_message_without_a_body_carries_none() -> None:
    assert key_of_info("INFO sip:a@b SIP/2.0\r\nContent-Type: application/dtmf\r\n") is None
