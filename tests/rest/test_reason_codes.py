"""The dictionary of reason codes: complete, shown to everybody, and written down."""

import ast
import subprocess
import sys
from pathlib import Path

import offhook
from offhook.rest.restcomm.reason_code import Shelf
from offhook.rest.restcomm.reason_codes import REASON_CODES, on_shelf
from tests.rest.site import Site

ROOT = Path(__file__).parents[2]
SOURCE = Path(offhook.__file__).parent
OTHER_NUMBERS = {32767, 32768, 32000, 36500, 35093}
"""Numbers of that size that are no codes: of samples, of days, and of the kernel."""


def raised() -> dict[int, str]:
    """Every number in the source that has the size of a code. Sizes and times of that size are written with an underscore."""
    found = {}
    for path in SOURCE.rglob("*.py"):
        if path.name.endswith("reason_codes.py"):
            continue
        text = path.read_text()
        for node in ast.walk(ast.parse(text)):
            if not isinstance(node, ast.Constant) or type(node.value) is not int:
                continue
            if 10_000 < node.value < 40_000 and "_" not in (ast.get_source_segment(text, node) or ""):
                found[node.value] = f"{path.relative_to(SOURCE)}:{node.lineno}"
    return found


def test_it_holds_every_code_that_is_raised_and_no_other() -> None:
    found = raised()
    assert {code: at for code, at in found.items() if code not in (*REASON_CODES, *OTHER_NUMBERS)} == {}
    assert set(REASON_CODES) - set(found) == set()


def test_every_code_is_told_in_sentences() -> None:
    for reason in REASON_CODES.values():
        assert reason.name
        assert reason.meaning.endswith(".")
        assert reason.remedy.endswith(".")
    assert sum(len(on_shelf(shelf)) for shelf in Shelf) == len(REASON_CODES)


def test_the_page_of_the_documentation_is_up_to_date() -> None:
    printed = subprocess.run(
        [sys.executable, "scripts/reason_codes_page.py"], cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout
    page = ROOT / "docs" / "reason-codes.md"
    assert page.read_text() == printed, "make docs/reason-codes.md again"


async def test_the_target_of_more_info_is_a_page_for_everybody(site: Site) -> None:
    refused = await site.ask(site.at("/Calls.json"), auth=("nobody", "x"))
    shown = await site.ask(refused.json()["more_info"], auth=("nobody", "x"))
    assert (shown.status_code, shown.headers["content-type"]) == (200, "text/html; charset=utf-8")
    assert "Not signed in" in shown.text


async def test_each_has_a_page(site: Site) -> None:
    for code in REASON_CODES:
        shown = await site.ask(f"/restcomm/errors/{code}.html")
        assert shown.status_code == 200
        assert f"<h1>{code}: " in shown.text


async def test_what_is_no_code_has_none(site: Site) -> None:
    for name in ("12345", "x", "99999999999", "²", "%3Cscript%3E", "-1"):
        shown = await site.ask(f"/restcomm/errors/{name}.html")
        assert shown.status_code == 404
        assert "<script" not in shown.text


async def test_the_list_leads_to_each(site: Site) -> None:
    there = await site.ask("/restcomm/errors")
    assert there.headers["location"] == "/restcomm/errors/index.html"
    shown = await site.ask("/restcomm/errors/index.html")
    assert all(f'href="{code}.html"' in shown.text for code in REASON_CODES)
