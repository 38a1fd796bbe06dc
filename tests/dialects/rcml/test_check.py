"""`offhook app check`: each `check/*.xml` is a document, the text beside it is what the command says of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from offhook.call.exchange import Reply
from offhook.cli import app
from offhook.dialects.rcml.check import check
from offhook.dialects.xml_reading.check import Finding, Severity

CASES = Path(__file__).parent / "check"


def run(*arguments: str, stdin: bytes | None = None, **environment: str) -> Result:
    """The command, run to its end."""
    return CliRunner(env=environment).invoke(app, ["app", "check", *arguments], input=stdin)


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_the_command_says_what_its_case_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    said = run(path.name)
    assert said.stdout == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert said.exit_code == (1 if "it fails" in said.stdout else 0)


def test_standard_input_is_read_and_json_has_the_same() -> None:
    said = run("-", "--json", stdin=b"<Response>\n <Gahter/>\n</Response>")
    told = json.loads(said.stdout)
    assert (told["source"], told["runs"], said.exit_code) == ("-", True, 0)
    assert told["findings"][0] == {
        "severity": "warning",
        "code": 12200,
        "message": "RCML has no verb <Gahter>; it was skipped. Did you mean <Gather>?",
        "line": 2,
        "column": 2,
        "element": "Gahter",
        "attribute": None,
    }


def test_strict_fails_on_warnings() -> None:
    document = b"<Response><Say colour='red'>Hello</Say></Response>"
    assert run("-", stdin=document).exit_code == 0
    assert run("-", "--strict", stdin=document).exit_code == 1


def test_wrong_use_is_told_apart_from_a_wrong_document(tmp_path: Path) -> None:
    missing = run(str(tmp_path / "none.xml"))
    assert missing.exit_code == 2
    assert "No such file" in missing.stderr
    assert run("http://app.example/", "--method", "PUT").exit_code == 2
    assert run("http://app.example/", "--param", "Digits").exit_code == 2


def test_a_place_is_found_whatever_stands_before_it() -> None:
    text = (
        "<?xml version='1.0'?><!-- <Say> > -->\r\n"
        "<Response><Say>a <![CDATA[<Say x='1'>]]> &amp; b</Say><!-- ' -->\n"
        "\t<Gather hints='a > b, \"c\"' \n  colour = 'x'><Pause/></Gather></Response>"
    )
    (found,) = findings(text)
    assert (found.line, found.column, found.attribute) == (4, 3, "colour")


def test_every_occurrence_is_told() -> None:
    text = "<Response>" + "<Say x='1'>a</Say>" * 3 + "</Response>"
    assert [found.column for found in findings(text)] == [16, 34, 52]


def test_a_document_in_utf_16_has_its_columns_in_characters() -> None:
    body = "<Response><Say>é</Say><Sya/></Response>".encode("utf-16")
    reply = Reply(url="http://app.example/", status=200, headers=(("Content-Type", "text/xml"),), body=body)
    assert [found.column for found in check(reply)] == [23]


def test_other_kinds_of_answers_are_looked_at_too() -> None:
    def kinds(kind: str, body: bytes) -> list[Severity]:
        headers = (("Content-Type", kind),) if kind else ()
        reply = Reply(url="http://app.example/", status=200, headers=headers, body=body)
        return [found.severity for found in check(reply)]

    assert kinds("audio/wav", b"RIFF") == []
    assert kinds("text/plain", b"Hello there") == []
    assert kinds("text/plain", b"<Response><Say>Hello</Say></Response>") == [Severity.WARNING]
    assert kinds("image/png", b"\x89PNG") == [Severity.ERROR]
    assert kinds("", b"<Response/>") == [Severity.ERROR]


def findings(text: str) -> tuple[Finding, ...]:
    """What is wrong with a text."""
    headers = (("Content-Type", "text/xml"),)
    return check(Reply(url="http://app.example/", status=200, headers=headers, body=text.encode()))
