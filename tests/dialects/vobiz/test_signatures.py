"""Signatures of requests: the vectors of both vendors, and what each covers."""

import base64
import hashlib
import hmac
from urllib.parse import urlencode

import pytest

from offhook.call.signing import Keys, Outgoing, Pairs
from offhook.dialects.vobiz.signatures import (
    SCHEMES,
    VOBIZ,
    VOBIZ_AND_PLIVO,
    new_nonce,
    plivo_headers,
    vobiz_headers,
)

TOKEN, NONCE = "mytoken", "12345678901234567890"
BASE = "https://app.example.com/answer"
KEYS = Keys((TOKEN,))
FIELDS = (("From", "14155551234"), ("To", "14155559999"), ("CallUUID", "xyz789"))
V2 = "2boVuoFNtAOMs3sVPuHOTuG6yIotNlR4akmzKoXd/2s="
V3 = "AmGvk+me8pvMgCjMhmSyRImVbz4GS8JiCOowC27J9Zg="


def post(url: str, *fields: tuple[str, str]) -> Outgoing:
    return Outgoing(method="POST", url=url, body=urlencode(fields).encode())


def get(url: str) -> Outgoing:
    return Outgoing(method="GET", url=url, body=b"")


def signed(text: str, token: str = TOKEN) -> str:
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha256).digest()).decode()


def v3_of(headers: Pairs) -> str:
    return dict(headers)["X-Plivo-Signature-V3"]


@pytest.mark.parametrize(
    "outgoing", [post(BASE, *FIELDS), post(f"{BASE}?q=1", *FIELDS), get(f"{BASE}?q=1"), get(BASE)]
)
def test_vobiz_signs_the_url_without_its_query_and_no_fields(outgoing: Outgoing) -> None:
    assert vobiz_headers(outgoing, KEYS, NONCE) == (
        ("X-Vobiz-Signature-V2", V2),
        ("X-Vobiz-Signature-V3", V3),
        ("X-Vobiz-Signature-V2-Nonce", NONCE),
        ("X-Vobiz-Signature-V3-Nonce", NONCE),
    )


def test_the_owner_of_a_sub_account_signs_too() -> None:
    headers = vobiz_headers(post(BASE), Keys(("of the sub-account", "older"), (TOKEN,)), NONCE)
    assert headers == (
        ("X-Vobiz-Signature-V2", signed(BASE + NONCE, "of the sub-account")),
        ("X-Vobiz-Signature-V3", signed(f"{BASE}.{NONCE}", "of the sub-account")),
        ("X-Vobiz-Signature-MA-V2", V2),
        ("X-Vobiz-Signature-MA-V3", V3),
        ("X-Vobiz-Signature-V2-Nonce", NONCE),
        ("X-Vobiz-Signature-V3-Nonce", NONCE),
    )


def test_plivo_signs_alike_under_its_own_names() -> None:
    headers = plivo_headers(post(f"{BASE}?q=1", *FIELDS), KEYS, NONCE)
    of_fields = "RpyYlWWdlvKE8IOp6G99MXBOKw0DGk/6dwPhg7qAJHI="
    assert headers == (
        ("X-Plivo-Signature-V2", V2),
        ("X-Plivo-Signature-V3", of_fields),
        ("X-Plivo-Signature-Ma-V2", V2),
        ("X-Plivo-Signature-Ma-V3", of_fields),
        ("X-Plivo-Signature-V2-Nonce", NONCE),
        ("X-Plivo-Signature-V3-Nonce", NONCE),
    )


@pytest.mark.parametrize(
    ("outgoing", "text"),
    [
        (post(f"{BASE}?q=1", *FIELDS), "?q=1.CallUUIDxyz789From14155551234To14155559999"),
        (post(BASE, *FIELDS), "?CallUUIDxyz789From14155551234To14155559999"),
        (post(f"{BASE}?q=1&b=2"), "?b=2&q=1"),
        (post(BASE), ""),
        (post(BASE, ("b", "2"), ("a", ""), ("b", "1")), "?ab1b2"),
        (get(f"{BASE}?q=1&From=14155551234"), "?From=14155551234&q=1"),
        (get(f"{BASE}?a=x%20y&empty="), "?a=x y&empty="),
        (get(BASE), ""),
    ],
)
def test_plivo_signs_query_and_fields_sorted(outgoing: Outgoing, text: str) -> None:
    assert v3_of(plivo_headers(outgoing, KEYS, NONCE)) == signed(f"{BASE}{text}.{NONCE}")


def test_what_plivos_own_library_accepts_is_what_is_sent() -> None:
    """Made with `plivo.utils.signature_v3` of release 4.63.0, which takes values as UTF-8."""
    outgoing = post(f"{BASE}?q=1&z=%20y", ("From", "1415"), ("Speech", "caffè über 你"))
    assert v3_of(plivo_headers(outgoing, KEYS, NONCE)) == "yqZGtUdBmFS2sSnKR6xSp/B7fUoGfX0BHUk2hR0uz4E="


def test_while_a_token_is_exchanged_lists_have_both_and_single_values_the_newest() -> None:
    outgoing = post(BASE, *FIELDS)
    headers = dict(plivo_headers(outgoing, Keys(("new", "old")), NONCE))
    text = f"{BASE}?CallUUIDxyz789From14155551234To14155559999.{NONCE}"
    assert headers["X-Plivo-Signature-V3"] == f"{signed(text, 'new')},{signed(text, 'old')}"
    assert headers["X-Plivo-Signature-V2"] == signed(BASE + NONCE, "new")
    assert dict(vobiz_headers(outgoing, Keys(("new", "old")), NONCE))["X-Vobiz-Signature-V3"] == signed(
        f"{BASE}.{NONCE}", "new"
    )


def test_without_a_token_nothing_is_signed() -> None:
    assert vobiz_headers(post(BASE), Keys(), NONCE) == ()
    assert plivo_headers(post(BASE), Keys(), NONCE) == ()
    assert [scheme(post(BASE), Keys(), 0) for scheme in SCHEMES.values()] == [(), ()]


def test_a_nonce_is_twenty_digits_and_new_each_time() -> None:
    made = {new_nonce() for _ in range(50)}
    assert len(made) == 50
    assert all(len(nonce) == 20 and nonce.isdigit() for nonce in made)
    one, other = (dict(SCHEMES[VOBIZ](post(BASE), KEYS, 0))["X-Vobiz-Signature-V3-Nonce"] for _ in range(2))
    assert one != other


def test_the_schemes_differ_in_whom_they_sign_for() -> None:
    def vendors(name: str) -> set[str]:
        return {header.split("-")[1] for header, _ in SCHEMES[name](post(BASE), KEYS, 0)}

    assert vendors(VOBIZ) == {"Vobiz"}
    assert vendors(VOBIZ_AND_PLIVO) == {"Vobiz", "Plivo"}
