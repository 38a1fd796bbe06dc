"""What the project says of itself is true."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src" / "offhook"


def test_the_page_of_settings_is_up_to_date() -> None:
    printed = subprocess.run(
        [sys.executable, "scripts/settings_page.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    assert (ROOT / "docs" / "settings.md").read_text() == printed, "make docs/settings.md again"


@pytest.mark.parametrize("package", ["verbs", "call", "speech", "interpreter", "webhooks", "records"])
def test_no_vendor_and_no_dialect_is_named_where_it_does_not_belong(package: str) -> None:
    names = re.compile(r"\b(google|pocketsphinx|espeak|rcml|vobiz|plivo)\b", re.IGNORECASE)
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in sorted((SOURCE / package).rglob("*.py"))
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if names.search(line) and path.name != "guard.py"  # which knows where clouds keep their secrets
    ]
    assert named == []


@pytest.mark.parametrize("dialect", ["rcml", "vobiz"])
def test_a_dialect_does_not_know_of_another(dialect: str) -> None:
    others = re.compile(rf"offhook\.dialects\.(?!{dialect}\b)(rcml|vobiz)\b")
    sources = sorted((SOURCE / "dialects" / dialect).rglob("*.py"))
    assert sources
    assert [str(path) for path in sources if others.search(path.read_text())] == []


def test_links_between_pages_lead_somewhere() -> None:
    broken = []
    for page in [
        ROOT / "README.md",
        *sorted((ROOT / "docs").glob("*.md")),
        *sorted(SOURCE.rglob("README.md")),
    ]:
        for link in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            if not (page.parent / link).exists():
                broken.append(f"{page.relative_to(ROOT)}: {link}")
    assert broken == []


def test_every_verb_has_a_runner_of_the_same_name() -> None:
    verbs = {path.stem for path in (SOURCE / "verbs").glob("*.py")} - {
        "__init__",
        "document",
        "file_format",
        "outcome",
        "outcomes_of_legs",
        "recogniser_options",
        "request",
        "turn_taking",
    }
    runners = {path.stem for path in (SOURCE / "interpreter").glob("*.py")}
    assert verbs <= runners
