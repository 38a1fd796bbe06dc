"""The pages about RCML name what is read."""

import re
from pathlib import Path

from offhook.dialects.rcml.nouns import NOUNS
from offhook.dialects.rcml.read import _NOT_YET, _READERS

ROOT = Path(__file__).parents[3]


def test_every_verb_and_noun_is_in_the_table_for_newcomers() -> None:
    rows = [
        line.split("|")[1] for line in (ROOT / "docs" / "restcomm.md").read_text().splitlines() if "|" in line
    ]
    words = set(re.findall(r"\w+", " ".join(rows)))
    assert set(_READERS) | _NOT_YET | set(NOUNS) | {"Conference", "Queue"} <= words
