"""What the API says of itself: all of it, nothing else, and in a form that tools read."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from openapi_spec_validator import OpenAPIV31SpecValidator

from offhook.rest import openapi
from offhook.rest.docs_page import page
from offhook.rest.openapi import Json, all_routes, document
from offhook.rest.restcomm.described import RESOURCES
from offhook.rest.restcomm.parameters import PARAMETERS
from tests.rest.site import Site

SOURCE = Path(openapi.__file__).parent / "restcomm"
READ = re.compile(
    r"""(?:forms\.\w+\(form,\ |form\.get\(|form\[|query\.get\(|query\[|_date\(access,\ |_addresses\(form,\ )"([A-Za-z]\w*)"
    |"([A-Za-z]\w*)"\ (?:not\ )?in\ (?:form|query)\b
    |forms\.target\(form,\ "\w+",\ "(\w+)\"""",
    re.VERBOSE,
)
"""How a parameter is read."""


@pytest.fixture
def described(site: Site) -> Json:
    return document(site.app.routes)


def operations(described: Json) -> Iterator[tuple[str, str, Json]]:
    for path, item in described["paths"].items():
        for method, operation in item.items():
            if method != "servers":
                yield path, method, operation


def test_it_is_valid(described: Json) -> None:
    OpenAPIV31SpecValidator(described).validate()


def test_every_route_is_in_it(site: Site, described: Json) -> None:
    served = {
        (route.path, method.lower()) for route in all_routes(site.app.routes) for method in route.methods
    }
    assert {(path, method) for path, method, _ in operations(described)} == served
    assert len(served) > 100


def test_every_operation_says_what_it_does_and_has_a_name_of_its_own(described: Json) -> None:
    ids = [operation["operationId"] for _, _, operation in operations(described)]
    assert len(ids) == len(set(ids))
    assert [path for path, _, operation in operations(described) if not operation["summary"]] == []


def test_every_parameter_that_is_read_is_named(described: Json) -> None:
    named = {
        name
        for _, _, operation in operations(described)
        for name in (
            *(parameter["name"] for parameter in operation["parameters"]),
            *(
                name
                for content in operation.get("requestBody", {}).get("content", {}).values()
                for name in content["schema"]["properties"]
            ),
        )
    }
    read = {
        name
        for path in SOURCE.glob("*.py")
        for found in READ.finditer(path.read_text())
        for name in found.groups()
        if name
    }
    assert read - named == set()
    assert len(read) > 50


def test_filters_of_each_list_are_those_that_its_links_keep() -> None:
    kept: dict[str, set[str]] = {}
    for path in SOURCE.glob("*.py"):
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "FILTERS":
                kept[path.stem] = set(ast.literal_eval(node.value))
    filters = [set(resource.filters.split()) for resource in RESOURCES.values()]
    assert {stem: names for stem, names in kept.items() if names not in filters} == {}
    assert len(kept) > 8


def test_fields_that_are_shown_are_named() -> None:
    named = {name for resource in RESOURCES.values() for name in resource.shows.split()}
    shown: set[str] = set()
    for path in SOURCE.glob("*.py"):
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and function.name.lstrip("_") in (
                "fields",
                "record_fields",
            ):
                shown |= {
                    str(key.value)
                    for dictionary in _outermost(function)
                    for key in dictionary.keys
                    if isinstance(key, ast.Constant)
                }
    assert shown - named == set()
    assert len(shown) > 60


def _outermost(function: ast.FunctionDef) -> Iterator[ast.Dict]:
    for statement in function.body:
        value = getattr(statement, "value", None)
        if isinstance(value, ast.Dict):
            yield value


def test_every_description_is_of_something(described: Json) -> None:
    used = {
        name.removesuffix("*")
        for each in RESOURCES.values()
        for text in _texts(each)
        for name in text.split()
    }
    in_paths = {
        parameter["name"]
        for _, _, operation in operations(described)
        for parameter in operation["parameters"]
    }
    assert set(PARAMETERS) - used - in_paths == set()


def _texts(resource: object) -> tuple[str, ...]:
    return tuple(getattr(resource, name) for name in ("filters", "create", "update"))


async def test_both_forms_are_served_to_everybody_and_need_no_other_host(site: Site) -> None:
    told = await site.ask("/openapi.json", auth=("nobody", "x"))
    assert (told.status_code, told.json()["openapi"]) == (200, "3.1.0")
    shown = await site.ask("/docs", auth=("nobody", "x"))
    assert shown.status_code == 200
    assert "<script" not in shown.text
    assert re.findall(r"""(?:src|href)=["'](?:https?:)?//""", shown.text) == []
    for path, method, _ in operations(told.json()):
        assert f'<span class="method">{method.upper()}</span><code>{path}</code>' in shown.text


def test_the_page_escapes_what_it_shows() -> None:
    operation = {"tags": ["<b>"], "summary": "<i>", "parameters": []}
    shown = page({"info": {"description": "<u>"}, "paths": {"/<a>": {"get": operation}}})
    assert not any(tag in shown for tag in ("<b>", "<i>", "<u>", "/<a>"))


def test_the_page_for_newcomers_names_every_resource() -> None:
    told = (Path(__file__).parents[2] / "docs" / "restcomm.md").read_text()
    words = set(re.findall(r"[\w/]+", told))
    names = {name.split("/")[-1] for name in RESOURCES if name}
    assert {name for name in names if name not in words and f"/{name}" not in told} == set()
