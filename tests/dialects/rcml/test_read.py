"""What kind of answer is read as what, and what is refused for its size."""

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.dialect import Rcml
from offhook.interpreter.ports import Dialect
from offhook.verbs import Document, Gather, Hangup, Pause, Play, Redirect, Say, Target

RCML: Dialect = Rcml(instance_id="0" * 32)
URL = "https://app.example/voice"


def read(
    body: bytes | str, content_type: str | None = "text/xml", *, url: str = URL, status: int = 200
) -> Document:
    headers = (("Content-Type", content_type),) if content_type is not None else ()
    raw = body.encode() if isinstance(body, str) else body
    return RCML.read(Reply(url=url, status=status, headers=headers, body=raw))


def refusal(body: bytes | str, content_type: str | None = "text/xml") -> DocumentInvalid:
    with pytest.raises(DocumentInvalid) as caught:
        read(body, content_type)
    return caught.value


@pytest.mark.parametrize(
    "content_type",
    [
        "text/xml",
        "application/xml",
        "text/html",
        "TEXT/XML",
        "text/xml; charset=utf-8",
        "application/xml;q=1",
    ],
)
def test_xml_and_html_types_are_read_as_rcml(content_type: str) -> None:
    assert read("<Response><Hangup/></Response>", content_type).verbs == (Hangup(line=1),)


@pytest.mark.parametrize(
    "content_type", ["audio/wav", "audio/wave", "audio/x-wav", "audio/mpeg", "audio/ogg", "audio/flac"]
)
def test_a_sound_is_played_from_where_it_came(content_type: str) -> None:
    assert read(b"", content_type, url="https://app.example/hello?v=1").verbs == (
        Play(url="https://app.example/hello?v=1"),
    )


def test_plain_text_is_spoken() -> None:
    document = read("Grüße,\n  Welt", "text/plain; charset=utf-8")
    assert document == Document(verbs=(Say(text="Grüße, Welt", voice="man", language="en"),))


def test_rcml_that_was_sent_as_plain_text_is_run_and_not_spoken() -> None:
    document = read("<Response><Hangup/></Response>", "text/plain")
    assert document.verbs == (Hangup(line=1),)
    assert [problem.code for problem in document.problems] == [12300]


@pytest.mark.parametrize(
    ("content_type", "words"),
    [
        (None, "The answer has no Content-Type header. Offhook reads RCML"),
        ("application/json", 'The answer is of the kind "application/json". Offhook reads RCML'),
        ("image/png", "text/plain"),
        ("video/mp4", "audio/wav and its like"),
    ],
)
def test_other_kinds_are_refused_and_the_known_ones_named(content_type: str | None, words: str) -> None:
    error = refusal('{"verb": "say"}', content_type)
    assert error.code == 12300
    assert words in error.message


@pytest.mark.parametrize("content_type", ["text/xml", "text/plain", "application/json", None])
@pytest.mark.parametrize("body", ["", "  \r\n "])
def test_an_empty_answer_is_an_empty_document(content_type: str | None, body: str) -> None:
    assert read(body, content_type, status=204) == Document()


def test_the_charset_of_the_header_counts_where_the_xml_declares_none() -> None:
    body = "<Response><Say>café</Say></Response>".encode("latin-1")
    assert read(body, 'text/xml; charset="ISO-8859-1"').verbs == (
        Say(text="café", voice="man", language="en", line=1),
    )


def test_the_encoding_of_the_xml_counts_more_than_the_header() -> None:
    body = '<?xml version="1.0" encoding="UTF-8"?><Response><Say>café</Say></Response>'.encode()
    (say,) = read(body, "text/xml; charset=iso-8859-1").verbs
    assert isinstance(say, Say)
    assert say.text == "café"


@pytest.mark.parametrize(
    "charset", ["utf-7", "iso-2022-jp", "utf-32", "cp037", "punycode", "zlib", "utf8mb4"]
)
def test_other_charsets_are_refused(charset: str) -> None:
    error = refusal("<Response/>", f"text/xml; charset={charset}")
    assert error.code == 12100
    assert charset in error.message
    assert "UTF-8" in error.message


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be"])
def test_unicode_is_recognised_by_its_bytes(encoding: str) -> None:
    (say,) = read("<Response><Say>日本 😀</Say></Response>".encode(encoding)).verbs
    assert isinstance(say, Say)
    assert say.text == "日本 😀"


@pytest.mark.parametrize(
    ("body", "code", "words"),
    [
        (b"<Response>" + b" " * 65_536 + b"</Response>", 11750, "65,536 are allowed"),
        (b"<Response>" + b"<Pause/>" * 8_000 + b"</Response>", 12100, "1,000 are allowed"),
        (b"<a>" * 9_000, 12100, "more than 32 deep"),
        (b"<a>" * 300 + b"</a>" * 300, 12100, "more than 32 deep"),
        (b"<a>" * 33 + b"</a>" * 33, 12100, "more than 32 deep"),
        (b"<Say %s/>" % b" ".join(b"a%d='1'" % n for n in range(5_000)), 12100, "100 are allowed"),
        (b"<Say voice='%s'>x</Say>" % (b"x" * 8_193), 12100, '"voice" is longer than 8,192 bytes'),
        (b"<Response><![CDATA[" * 3_000, 12100, "Line 1, column"),
        (b"<!--" * 16_000, 12100, "Line 1, column"),
        (b"&" * 65_000, 12100, "begins with <"),
        (b"<R>" + b"&" * 65_000, 12100, "before <R> of line 1 is closed"),
        (b"\xff" * 60_000, 12100, "0xFF"),
    ],
)
def test_what_is_too_large_or_too_deep_is_refused(body: bytes, code: int, words: str) -> None:
    error = refusal(body)
    assert error.code == code
    assert words in error.message
    assert error.line == 1


def test_a_quadratic_blow_up_is_refused() -> None:
    entity = b"x" * 30_000
    error = refusal(b'<!DOCTYPE R [<!ENTITY a "%s">]><R>%s</R>' % (entity, b"&a;" * 10_000))
    assert error.code == 12100
    assert "DOCTYPE" in error.message


def test_a_long_text_is_refused_as_well() -> None:
    assert refusal("word " * 14_000, "text/plain").code == 11750


def test_at_the_limits_all_is_well() -> None:
    assert len(read(b"<Response>" + b"<Pause/>" * 999 + b"</Response>").verbs) == 999
    assert read(b"<a>" * 31 + b"<Hangup/>" + b"</a>" * 31).verbs == (Hangup(line=1),)


def test_many_problems_are_counted_and_not_all_listed() -> None:
    document = read(b"<Response>" + b"<Dial/>" * 80 + b"</Response>")
    assert len(document.problems) == 51
    assert "30 more problems" in document.problems[-1].message


def test_an_unknown_attribute_is_told_once_for_each_verb() -> None:
    document = read('<Response><Say x="1">a</Say><Say x="2" y="3">b</Say><Pause x="4"/></Response>')
    assert [problem.message.partition(":")[2][1:35] for problem in document.problems] == [
        '<Say> has no attribute "x"; it is ',
        '<Say> has no attribute "y"; it is ',
        '<Pause> has no attribute "x"; it i',
    ]


def test_relative_urls_keep_the_credentials_of_the_document() -> None:
    document = read(
        '<Response><Gather action="next"/><Redirect>/other</Redirect></Response>',
        url="https://user:pass@app.example:8443/ivr/menu?id=7",
    )
    gather, redirect = document.verbs
    assert isinstance(gather, Gather)
    assert gather.action == Target("https://user:pass@app.example:8443/ivr/next")
    assert redirect == Redirect(target=Target("https://user:pass@app.example:8443/other"), line=1)


def test_credentials_in_a_bad_url_are_not_repeated() -> None:
    error = refusal("<Response><Play>ftp://anna:s3cret@files.example/x.wav</Play></Response>")
    assert "s3cret" not in error.message
    assert "ftp://files.example/x.wav" in error.message


def test_a_document_is_read_the_same_every_time() -> None:
    body = "<Response><Pause length='2.5'/><Hangup/></Response>"
    assert read(body) == read(body) == Document(verbs=(Pause(length_s=2.5, line=1), Hangup(line=1)))
