"""What an answer is read as, where a golden case would not show it well: kinds of answers, limits, causes."""

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.vobiz import codes
from offhook.dialects.vobiz.codes import Asked, cause_of
from offhook.dialects.vobiz.read import read
from offhook.verbs import Document, Gather, Say

HELLO = b"<Response><Speak>Hello</Speak></Response>"


def reply(body: bytes | str, content_type: str | None = "application/xml") -> Reply:
    headers = (("Content-Type", content_type),) if content_type is not None else ()
    octets = body if isinstance(body, bytes) else body.encode()
    return Reply(url="https://app.example/answer", status=200, headers=headers, body=octets)


def read_text(body: bytes | str) -> Document:
    return read(reply(body))


def refused(body: bytes | str, content_type: str | None = "application/xml") -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as raised:
        read(reply(body, content_type))
    return raised.value


class TestKindsOfAnswers:
    @pytest.mark.parametrize(
        "kind", ["application/xml", "text/xml", "Text/XML; charset=utf-8", "application/xml;charset=UTF-8"]
    )
    def test_xml_is_read(self, kind: str) -> None:
        (say,) = read(reply(HELLO, kind)).verbs
        assert isinstance(say, Say)
        assert say.text == "Hello"

    @pytest.mark.parametrize(
        "kind",
        ["text/html", "text/plain", "application/json", "application/xhtml+xml", "audio/mpeg", "", None],
    )
    def test_nothing_else_is(self, kind: str | None) -> None:
        fault = refused(HELLO, kind)
        assert fault.code == codes.CONTENT_TYPE
        assert "application/xml or text/xml" in fault.message

    @pytest.mark.parametrize("body", [b"", b" \n"])
    def test_an_empty_answer_is_none(self, body: bytes) -> None:
        assert refused(body).code == codes.NOT_WELL_FORMED

    def test_the_charset_of_the_header_counts(self) -> None:
        body = "<Response><Speak>Grüße</Speak></Response>".encode("latin-1")
        (say,) = read(reply(body, "text/xml; charset=iso-8859-1")).verbs
        assert isinstance(say, Say)
        assert say.text == "Grüße"

    def test_a_document_may_have_100_kilobytes_and_no_byte_more(self) -> None:
        frame = b"<Response><!---->" + HELLO[len(b"<Response>") :]
        whole = frame.replace(b"<!---->", b"<!--" + b"x" * (102_400 - len(frame)) + b"-->")
        assert len(whole) == 102_400
        assert len(read_text(whole).verbs) == 1
        assert refused(whole + b"\n").code == codes.TOO_LARGE


class TestHints:
    def hints(self, value: str) -> tuple[tuple[str, ...], str]:
        body = f"<Response><Gather action='https://app.example/a' hints='{value}'/></Response>"
        document = read_text(body)
        (gather,) = document.verbs
        assert isinstance(gather, Gather)
        return gather.hints, " ".join(problem.message for problem in document.problems)

    def test_500_of_them_are_used(self) -> None:
        hints, told = self.hints(",".join(f"word {number}" for number in range(500)))
        assert (len(hints), told) == (500, "")

    def test_those_beyond_are_left_out_and_it_is_told(self) -> None:
        hints, told = self.hints(",".join(f"word {number}" for number in range(501)))
        assert hints[-1] == "word 499"
        assert "at most 500 phrases and 10,000 characters; the first 500 are used" in told

    def test_one_of_more_than_100_characters_is_left_out(self) -> None:
        hints, told = self.hints(f"{'a' * 100},{'b' * 101},c")
        assert hints == ("a" * 100, "c")
        assert "at most 100 characters; longer ones are left out" in told

    def test_they_have_10_000_characters_at_most(self) -> None:
        hints, told = self.hints(",".join(f"{number:03}{'é' * 97}" for number in range(101)))
        assert len(hints) == 100
        assert "the first 100 are used" in told


class TestDocuments:
    def test_names_may_have_a_namespace_and_comments_go(self) -> None:
        body = '<Response xmlns="urn:x"><!-- hello --><Speak>Hi</Speak><?pi x?></Response>'
        assert len(read_text(body).verbs) == 1

    def test_problems_are_counted_where_there_are_many(self) -> None:
        document = read_text(f"<Response>{'<Nothing/>' * 80}</Response>")
        assert len(document.problems) == 51
        assert document.problems[-1].message == "30 more problems in this document are not listed."

    def test_a_problem_names_its_line(self) -> None:
        (problem,) = read_text("<Response>\n\n<Wait length='x'/></Response>").problems
        assert problem.line == 3
        assert problem.message.startswith('Line 3: length="x" of <Wait> is not a whole number')

    def test_names_and_passwords_in_a_bad_url_are_not_told(self) -> None:
        fault = refused("<Response><Redirect>ftp://ada:secret@app.example/</Redirect></Response>")
        assert "secret" not in fault.message


class TestCauses:
    @pytest.mark.parametrize(
        ("code", "asked", "cause"),
        [
            (codes.NOT_WELL_FORMED, Asked.ANSWER, 8011),
            (codes.WRONG_ROOT, Asked.ACTION, 8012),
            (codes.CONTENT_TYPE, Asked.TRANSFER, 8013),
            (codes.TOO_LARGE, Asked.REDIRECT, 8014),
            (codes.MISSING, Asked.ANSWER, 8011),
            (codes.ACTION_URL, Asked.ANSWER, 7022),
            (codes.REDIRECT_URL, Asked.ACTION, 7024),
            (codes.ACTION_METHOD, Asked.REDIRECT, 7032),
            (codes.REDIRECT_METHOD, Asked.TRANSFER, 7034),
            (codes.SCHEMA, Asked.ANSWER, None),
            (11200, Asked.ANSWER, None),
        ],
    )
    def test_a_fault_that_ends_a_document_has_a_hangup_cause(
        self, code: int, asked: Asked, cause: int | None
    ) -> None:
        assert cause_of(code, asked) == cause

    @pytest.mark.parametrize(
        ("inside", "cause"),
        [
            ("<Gather/>", 8011),
            ("<Gather action='tel:1'/>", 7022),
            ("<Gather action='https://app.example/a' method='HEAD'/>", 7032),
            ("<Redirect>tel:1</Redirect>", 7024),
            ("<Redirect method='HEAD'>https://app.example/a</Redirect>", 7034),
            ("<Speak>a & b</Speak>", 8011),
        ],
    )
    def test_of_what_ends_an_answer(self, inside: str, cause: int) -> None:
        assert cause_of(refused(f"<Response>{inside}</Response>").code, Asked.ANSWER) == cause
