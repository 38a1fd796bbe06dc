"""A customer's URL is taken apart, or refused with words; nothing else can come of it."""

from urllib.parse import urlsplit

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from offhook.call.exchange import without_credentials
from offhook.webhooks.url import UrlInvalid, WebhookUrl, parse_url

SCRAPS = (
    [
        "http",
        "https",
        ":",
        "//",
        "/",
        "@",
        "#",
        "?",
        "&",
        "=",
        "[",
        "]",
        "%",
        "%00",
        "::1",
        "127.0.0.1",
        "é",
        "a.example",
        "user",
        "\\",
        "..",
        "xn--",
        "。",
        ":80",
        ":0",
        ":99999",
        "+",
    ],
    [" ", "\n", "\ud800", "\u2028"],
)
PIECES = st.lists(st.sampled_from([scrap for scraps in SCRAPS for scrap in scraps]), max_size=12).map("".join)
TEXTS = (
    st.text(max_size=60) | PIECES | PIECES.map("http://".__add__) | PIECES.map("https://a.example/".__add__)
)


def parsed(text: str) -> WebhookUrl | None:
    """The URL, or None for one that is refused; any other error is a failure."""
    try:
        return parse_url(text)
    except UrlInvalid as refused:
        assert str(refused)  # noqa: PT017 (a refusal has words)
        return None


@settings(deadline=None)
@given(text=TEXTS)
@example(text="http://\ud800/")
@example(text="http://user:pass@[::1]:80/")
def test_any_text_is_a_url_or_refused(text: str) -> None:
    url = parsed(text)
    if url is None:
        return
    assert url.scheme in ("http", "https")
    assert 0 < url.port < 65_536
    assert url.path_and_query.startswith("/")
    assert url.path_and_query.isascii()
    assert not set(url.path_and_query) & set(" \r\n#")
    assert "@" not in url.host_header
    assert "@" not in urlsplit(url.shown).netloc
    assert parsed(url.text) == url


@settings(deadline=None)
@given(text=TEXTS, location=TEXTS)
def test_any_redirect_is_followed_or_refused(text: str, location: str) -> None:
    url = parsed(text)
    if url is None:
        return
    try:
        there = url.follow(location)
    except UrlInvalid:
        return
    assert (url.scheme, there.scheme) != ("https", "http")
    if there.origin != url.origin and "@" not in location:
        assert there.authorization is None


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("https://user:pass@app.example/voice", "https://app.example/voice"),
        ("https://user@app.example/voice?mail=a@b.example", "https://app.example/voice?mail=a@b.example"),
        ("https://us@er:p@ss@app.example", "https://app.example"),
        ("https://app.example/@me//x@y", "https://app.example/@me//x@y"),
        ("http://app.example", "http://app.example"),
        ("no url at all", "no url at all"),
    ],
)
def test_credentials_are_taken_out_for_showing(url: str, shown: str) -> None:
    assert without_credentials(url) == shown
