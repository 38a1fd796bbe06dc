"""Golden cases: each `cases/*.xml` is an application's answer, the JSON beside it is what is read from it.

`expected` in a case is written by hand or checked by eye; `python tests/dialects/rcml/test_cases.py NAME` prints
what is read today.
"""

import dataclasses
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.dialect import Rcml
from offhook.verbs import Verb

CASES = Path(__file__).parent / "cases"
URL = "http://app.example/ivr/menu.php?lang=en&step=1"


def read_case(path: Path) -> dict[str, Any]:
    """What the document at `path` is read as, in terms of JSON."""
    reply = Reply(url=URL, status=200, headers=(("Content-Type", "text/xml"),), body=path.read_bytes())
    try:
        document = Rcml(instance_id="0" * 32).read(reply)
    except DocumentInvalid as invalid:
        fault = {"code": invalid.code, "line": invalid.line, "column": invalid.column}
        return {"invalid": fault | {"message": invalid.message}}
    return {
        "verbs": [_plain(verb) for verb in document.verbs],
        "problems": [_plain(problem) for problem in document.problems],
    }


def _plain(value: Any) -> Any:
    """A dataclass as a dictionary, a verb's with its name first; sets as sorted lists."""
    if dataclasses.is_dataclass(value):
        name = {"verb": type(value).__name__} if isinstance(value, Verb) else {}
        fields = {field.name: _plain(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return name | fields
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_a_document_is_read_as_its_case_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert read_case(path) == expected


def test_every_expectation_belongs_to_a_case() -> None:
    stems = {path.stem for path in CASES.glob("*.xml")}
    assert {path.stem for path in CASES.glob("*.json")} == stems


if __name__ == "__main__":
    print(json.dumps(read_case(CASES / f"{sys.argv[1]}.xml"), indent=2, ensure_ascii=False))
