"""What an answer's headers say of using it again."""

import math

import pytest

from offhook.call.exchange import Reply
from offhook.interpreter.freshness import ONCE, renewed, terms_of

ASKED_AT = 100.0


def answer(*headers: tuple[str, str], status: int = 200, url: str = "http://app.example/a.wav") -> Reply:
    return Reply(url=url, status=status, headers=headers, body=b"sound")


@pytest.mark.parametrize(
    ("headers", "fresh_s"),
    [
        ([("Cache-Control", "max-age=60")], 60),
        ([("cache-control", "Public, MAX-AGE=60")], 60),
        ([("Cache-Control", 'max-age="60"')], 60),
        ([("Cache-Control", "private,max-age=060 ,must-revalidate")], 60),
        ([("Cache-Control", "public"), ("Cache-Control", "max-age=60")], 60),
        ([("Cache-Control", "max-age=60, max-age=60")], 60),
        ([("Cache-Control", "max-age=60"), ("Age", "13")], 47),
        ([("Cache-Control", "max-age=60"), ("Age", "13, 50")], 47),
        ([("Cache-Control", "max-age=60"), ("Age", "old")], 60),
        ([("Cache-Control", "max-age=60"), ("Vary", "Accept-Encoding")], 60),
        ([("Cache-Control", "max-age=" + "9" * 5_000)], None),
        ([("Cache-Control", "max-age=99999999999")], 2**31),
        ([("Cache-Control", 's-maxage=60, note="max-age=60"')], None),
        ([("Cache-Control", "max-age=-1")], None),
        ([("Cache-Control", "max-age=1.5")], None),
        ([("Cache-Control", "max-age")], None),
        ([("Cache-Control", "max-age=60, max-age=61")], None),
        ([("Cache-Control", "max-age=60"), ("Age", "9" * 30)], None),
        ([("Cache-Control", 'max-age=60, no-cache="Set-Cookie"')], None),
        ([("Cache-Control", "max-age=60"), ("Vary", "Accept, *")], None),
        ([("Expires", "Fri, 31 Dec 2100 23:59:59 GMT")], None),
        ([], None),
    ],
)
def test_how_long_an_answer_is_used_without_asking(
    headers: list[tuple[str, str]], fresh_s: int | None
) -> None:
    terms = terms_of(answer(*headers), ASKED_AT)
    assert terms.fresh_until == (-math.inf if fresh_s is None else ASKED_AT + fresh_s)
    assert terms.may_be_kept == (fresh_s is not None)


def test_what_can_be_asked_about_is_kept_with_what_to_ask() -> None:
    terms = terms_of(answer(("Date", "today"), ("ETag", '"1"'), ("Cache-Control", "no-cache")), ASKED_AT)
    assert terms.may_be_kept
    assert terms.fresh_until == -math.inf
    assert terms.answer == Reply(
        url="http://app.example/a.wav", status=200, headers=(("ETag", '"1"'), ("Cache-Control", "no-cache"))
    )


@pytest.mark.parametrize(
    "used_once",
    [
        answer(("ETag", '"1"'), ("Cache-Control", "no-store")),
        answer(("ETag", '"1"'), ("Cache-Control", "max-age=60, No-Store")),
        answer(("ETag", '"1"'), status=206),
        answer(("ETag", '"1"'), status=203),
        answer(("ETag", '"' + "1" * 5_000 + '"')),
        answer(("ETag", '"1"'), url="http://app.example/" + "a" * 5_000),
    ],
)
def test_some_answers_are_used_once(used_once: Reply) -> None:
    assert terms_of(used_once, ASKED_AT) == ONCE
    assert not ONCE.may_be_kept


def test_an_answer_that_still_holds_gets_the_terms_of_the_newer_one() -> None:
    first = terms_of(answer(("ETag", '"1"'), ("Cache-Control", "max-age=60"), ("Age", "50")), ASKED_AT)
    same = renewed(first, answer(status=304), 200.0)
    assert same.fresh_until == 260.0
    assert same.answer is not None
    assert same.answer.header("etag") == '"1"'
    longer = renewed(same, answer(("cache-control", "max-age=90"), ("Age", "30"), status=304), 300.0)
    assert longer.fresh_until == 360.0
    assert renewed(longer, answer(("Cache-Control", "no-store"), status=304), 400.0) == ONCE
