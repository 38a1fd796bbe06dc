"""The pages about RCML name what is read."""

import re
from pathlib import Path

import pytest

from offhook.call.exchange import Reply
from offhook.dialects.rcml.gather import ATTRIBUTES
from offhook.dialects.rcml.nouns import NOUNS
from offhook.dialects.rcml.read import _NOT_YET, _READERS, read

ROOT = Path(__file__).parents[3]


def test_every_verb_and_noun_is_in_the_table_for_newcomers() -> None:
    rows = [
        line.split("|")[1] for line in (ROOT / "docs" / "restcomm.md").read_text().splitlines() if "|" in line
    ]
    words = set(re.findall(r"\w+", " ".join(rows)))
    assert set(_READERS) | _NOT_YET | set(NOUNS) | {"Conference", "Queue"} <= words


def test_every_attribute_of_gather_is_in_the_readme() -> None:
    page = (ROOT / "src" / "offhook" / "dialects" / "rcml" / "README.md").read_text()
    assert set(ATTRIBUTES) - set(re.findall(r"\w+", page)) == {"partialResultCallbackMethod"}  # as `…Method`


CONVERSATIONS = re.findall(
    "```xml\n(.*?)```", (ROOT / "docs" / "speech-in-calls.md").read_text(encoding="utf-8"), re.DOTALL
)


@pytest.mark.parametrize("document", CONVERSATIONS, ids=lambda text: re.findall(r'action="(.*?)"', text)[0])
def test_the_documents_of_the_page_about_speech_run_as_they_stand_there(document: str) -> None:
    headers = (("Content-Type", "text/xml"),)
    answer = Reply(url="http://app.example/", status=200, headers=headers, body=document.encode())
    assert read(answer).problems == ()


def test_the_page_about_speech_has_documents() -> None:
    assert len(CONVERSATIONS) == 4
