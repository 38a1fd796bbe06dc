"""`offhook app check` for Vobiz XML: each `check/*.xml` is a document, the text beside it is what the command says of it."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from offhook.call.exchange import Reply
from offhook.cli import app
from offhook.cli.document_languages import NAMES, document_language, probable_name
from offhook.dialects.vobiz.check import check
from offhook.dialects.xml_reading.check import Finding, Severity
from tests.dialects.vobiz.test_seed_examples import ACCOUNT, CHOICE, INTENT, MENU

CASES = Path(__file__).parent / "check"
RCML = b"<Response><Gather><Say>press</Say></Gather><Hangup/></Response>"


def run(*arguments: str, stdin: bytes | None = None) -> Result:
    """The command, run to its end."""
    return CliRunner().invoke(app, ["app", "check", *arguments], input=stdin)


def found(body: bytes, kind: str | None = "text/xml") -> tuple[Finding, ...]:
    headers = (("Content-Type", kind),) if kind else ()
    return check(Reply(url="http://app.example/", status=200, headers=headers, body=body))


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_the_command_says_what_its_case_says(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(CASES)
    said = run(path.name)
    assert said.stdout == path.with_suffix(".txt").read_text(encoding="utf-8")
    assert said.exit_code == (1 if "it fails" in said.stdout else 0)


@pytest.mark.parametrize("example", [MENU, ACCOUNT, INTENT, CHOICE])
def test_the_examples_of_the_vendor_run_as_they_stand(example: str) -> None:
    said = run("-", "--json", stdin=example.encode())
    told = json.loads(said.stdout)
    assert (told["dialect"], told["runs"], told["findings"]) == ("vobiz", True, [])


@pytest.mark.parametrize(
    ("body", "kind", "words"),
    [
        (b"<Response/>", "application/json", '"application/json"; Vobiz XML is sent as application/xml or text/xml'),
        (b"<Response/>", None, "no Content-Type header; Vobiz XML is sent as"),
        (b"", "text/xml", "The answer is empty"),
        (b"<Response>" + b" " * 102_400 + b"</Response>", "text/xml", "102,400 are allowed"),
        (b"<response/>", "text/xml", "the root of Vobiz XML is <Response>"),
    ],
)  # fmt: skip
def test_what_is_no_document_is_an_error_that_says_what_would_be(
    body: bytes, kind: str | None, words: str
) -> None:
    [finding] = found(body, kind)
    assert finding.severity is Severity.ERROR
    assert words in finding.message


def test_what_ends_a_document_keeps_nothing_from_being_told() -> None:
    body = b"<Response>\n<Gather/>\n<Gather action='x'/>\n<Redirect method='PUT'>http://a.example/</Redirect></Response>"
    errors = [(one.line, one.attribute) for one in found(body) if one.severity is Severity.ERROR]
    assert errors == [(2, None), (3, "action"), (4, "method")]


def test_the_language_is_found_out_and_may_be_told() -> None:
    plain = b"<Response><Hangup/></Response>"
    assert [probable_name(body) for body in (RCML, MENU.encode(), plain, b"{}")] == [
        "rcml",
        "vobiz",
        "rcml",
        "rcml",
    ]
    assert json.loads(run("-", "--json", stdin=plain).stdout)["dialect"] == "rcml"
    assert json.loads(run("-", "--json", "--dialect", "vobiz", stdin=plain).stdout)["dialect"] == "vobiz"
    assert json.loads(run("-", "--json", "--dialect", "plivo", stdin=plain).stdout)["dialect"] == "vobiz"
    unknown = run("-", "--dialect", "klingon", stdin=plain)
    assert (unknown.exit_code, "rcml, vobiz, plivo, or auto" in unknown.stderr) == (2, True)
    assert [document_language(name).name for name in NAMES] == list(NAMES)
