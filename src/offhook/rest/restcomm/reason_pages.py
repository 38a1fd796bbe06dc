"""`/restcomm/errors/{code}.html`: a page for each reason code, open to everybody; where `more_info` leads."""

from html import escape

from fastapi import APIRouter
from starlette.responses import HTMLResponse, RedirectResponse, Response

from offhook.rest.restcomm.reason_code import ReasonCode, Shelf
from offhook.rest.restcomm.reason_codes import REASON_CODES, on_shelf

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>{title}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }}
td, th {{ text-align: left; vertical-align: top; padding: .2rem 1rem .2rem 0 }}
code {{ background: #8881; padding: 0 .2em }}
</style>
{body}
</html>
"""
_ALL = '<p><a href="index.html">All reason codes</a></p>'

router = APIRouter(include_in_schema=False)


@router.get("/restcomm/errors")
def to_index() -> Response:
    """The way to the list."""
    return RedirectResponse("/restcomm/errors/index.html")


@router.get("/restcomm/errors/{name}.html")
def show(name: str) -> Response:
    """The page of a code, or the list of all."""
    if name == "index":
        return _page("Reason codes", "<h1>Reason codes</h1>" + "".join(map(_section, Shelf)))
    reason = REASON_CODES.get(int(name)) if name.isascii() and name.isdecimal() and len(name) < 10 else None
    if reason is None:
        shown = escape(name[:40])
        return _page(
            "Unknown reason code", f"<h1>{shown}</h1><p>There is no such reason code.</p>{_ALL}", 404
        )
    return _page(f"{reason.code} {reason.name}", _told(reason) + _ALL)


def _told(reason: ReasonCode) -> str:
    return (
        f"<h1>{reason.code}: {escape(reason.name)}</h1>"
        f"<p>{escape(reason.shelf)}</p>"
        f"<h2>What happened</h2><p>{_words(reason.meaning)}</p>"
        f"<h2>What to do</h2><p>{_words(reason.remedy)}</p>"
    )


def _section(shelf: Shelf) -> str:
    rows = "".join(
        f'<tr><td><a href="{reason.code}.html">{reason.code}</a><td>{escape(reason.name)}'
        f"<td>{_words(reason.meaning)}"
        for reason in on_shelf(shelf)
    )
    return f"<h2>{escape(shelf)}</h2><table><tr><th>Code<th>Name<th>What happened{rows}</table>"


def _words(text: str) -> str:
    """Sentences as HTML; what stands between backquotes as code."""
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))


def _page(title: str, body: str, status: int = 200) -> Response:
    return HTMLResponse(_PAGE.format(title=escape(title), body=body), status_code=status)
