"""A document that came before is not read anew, and means the same."""

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.dialect import REMEMBERED_BYTES, Rcml

DIALECT = Rcml(instance_id=32 * "0")
MENU = b"<Response><Redirect>next</Redirect></Response>"


def answer(body: bytes, url: str = "http://a.example/voice", kind: str = "text/xml") -> Reply:
    return Reply(url=url, status=200, headers=(("Content-Type", kind),), body=body)


def test_the_same_answer_is_the_same_document() -> None:
    assert DIALECT.read(answer(MENU)) is DIALECT.read(answer(MENU))


def test_what_a_document_depends_on_tells_answers_apart() -> None:
    here = DIALECT.read(answer(MENU))
    assert DIALECT.read(answer(MENU, url="http://b.example/voice")) != here
    assert DIALECT.read(answer(MENU, kind="text/plain")).problems
    assert DIALECT.read(answer(MENU.replace(b"next", b"other"))) != here


def test_what_cannot_be_read_is_refused_each_time() -> None:
    for _ in range(2):
        with pytest.raises(DocumentInvalid):
            DIALECT.read(answer(b"<Response><Say>"))


def test_long_documents_are_read_anew() -> None:
    body = MENU.replace(b"next", b"n" * REMEMBERED_BYTES)
    assert DIALECT.read(answer(body)) == DIALECT.read(answer(body))
