"""Golden cases: each `cases/*.xml` is an application's answer, the JSON beside it is what is read from it.

A field of a verb stands in a case where the document makes it another than the verb's own default. What is expected is
written by hand or checked by eye; `python -m tests.dialects.vobiz.test_cases NAME` prints what is read today.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.vobiz.read import read
from offhook.verbs import Verb

CASES = Path(__file__).parent / "cases"
URL = "https://app.example/answer?step=1"


def read_case(path: Path) -> dict[str, Any]:
    """What the document at `path` is read as, in terms of JSON."""
    reply = Reply(url=URL, status=200, headers=(("Content-Type", "text/xml"),), body=path.read_bytes())
    try:
        document = read(reply)
    except DocumentInvalid as invalid:
        fault = {"code": invalid.code, "line": invalid.line, "column": invalid.column}
        return {"invalid": fault | {"message": invalid.message}}
    early = {"before_answer": document.before_answer} if document.before_answer else {}
    return early | {
        "verbs": [plain(verb) for verb in document.verbs],
        "problems": [f"{problem.code} {problem.message}" for problem in document.problems],
    }


def plain(value: Any) -> Any:
    """A dataclass as a dictionary of what is not as usual, a verb's with its name first; sets as sorted lists."""
    if dataclasses.is_dataclass(value):
        name: dict[str, Any] = {"verb": type(value).__name__} if isinstance(value, Verb) else {}
        fields = dataclasses.fields(value)
        shown = (field.name for field in fields if getattr(value, field.name) != usual(field))
        return name | {name: plain(getattr(value, name)) for name in shown}
    if isinstance(value, frozenset):
        return "".join(sorted(value)) if all(len(item) == 1 for item in value) else sorted(value)
    if isinstance(value, tuple):
        return [plain(item) for item in value]
    return value


def usual(field: dataclasses.Field[Any]) -> Any:
    """The default of a field."""
    made = field.default_factory
    return field.default if made is dataclasses.MISSING else made()


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_a_document_is_read_as_its_case_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert read_case(path) == expected


def test_every_expectation_belongs_to_a_case() -> None:
    stems = {path.stem for path in CASES.glob("*.xml")}
    assert {path.stem for path in CASES.glob("*.json")} == stems


if __name__ == "__main__":
    print(json.dumps(read_case(CASES / f"{sys.argv[1]}.xml"), indent=2, ensure_ascii=False))
