"""`/docs`: the API for people, made from the same description as `/openapi.json`. Needs no script and no other host."""

from collections.abc import Iterator
from html import escape
from typing import Any

from fastapi import FastAPI, Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from offhook.rest.openapi import Json, described

PATH = "/docs"

_HEAD = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>The REST API of Offhook</title>
<style>
body { font: 15px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
nav { columns: 4; margin: 1rem 0 }
summary { cursor: pointer; padding: .3rem 0 }
summary code { font-weight: 600 }
table { margin: 0 0 1rem 2rem; border-spacing: 0 }
td, th { text-align: left; vertical-align: top; padding: .1rem 1rem .1rem 0 }
.method { display: inline-block; width: 4.5rem; font-weight: 600 }
</style>
"""


async def _show(request: Request) -> Response:
    """The API for people."""
    return HTMLResponse(page(described(request.app)))


def add_to(app: FastAPI) -> None:
    """Let `app` show itself."""
    app.router.routes.append(Route(PATH, _show, methods=["GET"]))


def page(told: Json) -> str:
    """The page of an OpenAPI document."""
    by_tag: dict[str, list[str]] = {}
    for path, item in told["paths"].items():
        for method, operation in item.items():
            if isinstance(operation, dict):
                shown = "".join(_operation(method, path, operation))
                by_tag.setdefault(operation["tags"][0], []).append(shown)
    tags = sorted(by_tag)
    links = "".join(f'<a href="#{escape(tag)}">{escape(tag)}</a><br>' for tag in tags)
    sections = "".join(f'<h2 id="{escape(tag)}">{escape(tag)}</h2>{"".join(by_tag[tag])}' for tag in tags)
    about = "".join(f"<p>{_words(part)}</p>" for part in told["info"]["description"].split("\n\n"))
    also = '<p><a href="openapi.json">openapi.json</a>, <a href="restcomm/errors/index.html">reason codes</a></p>'
    return f"{_HEAD}<h1>The REST API of Offhook</h1>{about}{also}<nav>{links}</nav>{sections}</html>\n"


def _operation(method: str, path: str, operation: Json) -> Iterator[str]:
    yield f'<details><summary><span class="method">{method.upper()}</span><code>{escape(path)}</code> '
    yield f"{escape(operation['summary'])}</summary><table>"
    for parameter in operation["parameters"]:
        yield _row(parameter["name"], parameter["in"], parameter["schema"], parameter)
    for content in operation.get("requestBody", {}).get("content", {}).values():
        required = content["schema"].get("required", ())
        for name, schema in content["schema"]["properties"].items():
            yield _row(name, "form", schema, {**schema, "required": name in required})
    yield "</table></details>"


def _row(name: str, place: str, schema: Json, told: Json) -> str:
    kind = " or ".join(schema["enum"]) if "enum" in schema else _kind(schema)
    needed = ", required" if told.get("required") else ""
    words = _words(told.get("description", ""))
    return f"<tr><td><code>{escape(name)}</code><td>{place}{needed}<td>{escape(kind)}<td>{words}"


def _kind(schema: Json) -> str:
    kind: Any = schema.get("format") or schema.get("contentMediaType") or schema["type"]
    return str(kind)


def _words(text: str) -> str:
    parts = escape(text).split("`")
    return "".join(f"<code>{part}</code>" if place % 2 else part for place, part in enumerate(parts))
