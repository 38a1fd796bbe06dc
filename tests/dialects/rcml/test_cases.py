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
from offhook.verbs import Gather, Verb

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


ASKED_FOR_ONLY = frozenset(
    (
        *(
            "vendors",
            "model",
            "extra",
            "min_keys",
            "recogniser",
            "recognisers",
            "barge_in",
            "listens_during_prompts",
        ),
        *(
            "voice_detection",
            "continuous",
            "keeps_log",
            "follows_action",
            "tells_no_input",
            "total_timeout_s",
        ),
        *("callback", "is_background", "is_stereo", "file_format", "is_skippable", "after_s"),
        *("valid_keys", "invalid_sound", "beeps_after_prompts"),
    )
)
"""Fields that a case names only where a document asks for something else than the default."""


def _plain(value: Any) -> Any:
    """A dataclass as a dictionary, a verb's with its name first; sets as sorted lists."""
    if dataclasses.is_dataclass(value):
        name: dict[str, Any] = {"verb": type(value).__name__} if isinstance(value, Verb) else {}
        if isinstance(value, Gather):
            name |= {"language": value.language, "hints": list(value.hints)}
            value = dataclasses.replace(
                value, recogniser=dataclasses.replace(value.recogniser, language="en-US", hints=())
            )
        return name | {field.name: _plain(getattr(value, field.name)) for field in _shown(value)}
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _shown(value: Any) -> list[dataclasses.Field[Any]]:
    usual = type(value)(**{field.name: getattr(value, field.name) for field in _needed(value)})
    return [
        field
        for field in dataclasses.fields(value)
        if field.name not in ASKED_FOR_ONLY or getattr(value, field.name) != getattr(usual, field.name)
    ]


def _needed(value: Any) -> list[dataclasses.Field[Any]]:
    missing = dataclasses.MISSING
    return [
        field
        for field in dataclasses.fields(value)
        if field.default is missing and field.default_factory is missing
    ]


@pytest.mark.parametrize("path", sorted(CASES.glob("*.xml")), ids=lambda path: path.stem)
def test_a_document_is_read_as_its_case_says(path: Path) -> None:
    expected = json.loads(path.with_suffix(".json").read_text(encoding="utf-8"))
    assert read_case(path) == expected


def test_every_expectation_belongs_to_a_case() -> None:
    stems = {path.stem for path in CASES.glob("*.xml")}
    assert {path.stem for path in CASES.glob("*.json")} == stems


if __name__ == "__main__":
    print(json.dumps(read_case(CASES / f"{sys.argv[1]}.xml"), indent=2, ensure_ascii=False))
