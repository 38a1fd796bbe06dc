"""How both languages of XML read the name of a conference: blanks run together, cut where it is too long, skipped without any."""

from collections.abc import Callable

import pytest

from offhook.call.exchange import Reply
from offhook.dialects.rcml.read import read as read_rcml
from offhook.dialects.vobiz.read import read as read_vobiz
from offhook.verbs import Conference, Document

Read = Callable[[str], Document]
LONGEST = 256


def reply(document: str) -> Reply:
    headers = (("Content-Type", "text/xml"),)
    return Reply(url="https://app.example/answer", status=200, headers=headers, body=document.encode())


def rcml(inside: str) -> Document:
    return read_rcml(reply(f"<Response><Dial><Conference>{inside}</Conference></Dial></Response>"))


def vobiz(inside: str) -> Document:
    return read_vobiz(reply(f"<Response><Conference>{inside}</Conference></Response>"))


@pytest.mark.parametrize(("read", "code"), [(rcml, 12200), (vobiz, 16_812)])
def test_a_name_is_one_line_and_cut_where_it_is_too_long(read: Read, code: int) -> None:
    [named] = read(" the\n\t team ").verbs
    assert isinstance(named, Conference)
    assert named.name == "the team"
    cut = read("x" * (LONGEST + 1))
    [verb] = cut.verbs
    assert isinstance(verb, Conference)
    assert verb.name == "x" * LONGEST
    assert [(problem.code, problem.message) for problem in cut.problems] == [
        (code, "Line 1: the name in <Conference> is cut to 256 characters.")
    ]


@pytest.mark.parametrize(("read", "code"), [(rcml, 12200), (vobiz, 16_810)])
def test_one_without_a_name_is_skipped(read: Read, code: int) -> None:
    document = read(" \n ")
    assert not any(isinstance(verb, Conference) for verb in document.verbs)
    told = [(problem.code, problem.message) for problem in document.problems]
    assert (code, "Line 1: <Conference> has no name in it; it was skipped.") in told


def test_what_stands_in_an_element_inside_is_part_of_the_name_in_one_of_them() -> None:
    """The other one skips elements there, and their text with them."""
    [one], [other] = rcml("a<b>c</b>").verbs, vobiz("a<b>c</b>").verbs
    assert isinstance(one, Conference)
    assert isinstance(other, Conference)
    assert (one.name, other.name) == ("ac", "a")
