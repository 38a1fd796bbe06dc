"""What `/openapi.json` says of this API: every parameter that is read, and every operation that takes some."""

import re
from pathlib import Path

from offhook.rest.openapi import all_routes, document
from offhook.rest.vobiz import described
from offhook.rest.vobiz.paths import route_path
from tests.rest.site import Site

SOURCE = Path(described.__file__).parent
READ = re.compile(
    r"""(?:forms\.\w+\((?:body|query|access\.query),\ |(?:whole|clamped|read_keys|read_urls|read_legs|read_time|_part|_party|read_directions|read_sip_headers)
    \((?:body|query|access|access\.query),\ |(?:body|query)\.get\(|(?:body|query)\[)"([a-z]\w*)"
    |"([a-z]\w*)"\ (?:not\ )?in\ (?:body|query)\b""",
    re.VERBOSE,
)
"""How a parameter is read."""


def test_every_parameter_that_is_read_is_named(site: Site) -> None:
    paths = document(site.app.routes)["paths"]
    named = set()
    for path, item in paths.items():
        if not described.is_described(path):
            continue
        for operation in (each for each in item.values() if isinstance(each, dict)):
            named |= {parameter["name"] for parameter in operation["parameters"]}
            for content in operation.get("requestBody", {}).get("content", {}).values():
                named |= set(content["schema"]["properties"])
    read = {
        name
        for path in SOURCE.glob("*.py")
        for found in READ.finditer(path.read_text())
        for name in found.groups()
        if name
    }
    assert read - named == set()
    assert len(read) > 40
    assert set(described.PARAMETERS) - named == set()


def test_what_operations_take_belongs_to_some(site: Site) -> None:
    served = {
        (method, route.path.removeprefix(f"{described.ACCOUNT}/"))
        for route in all_routes(site.app.routes)
        for method in route.methods
        if described.is_described(route.path)
    }
    assert set(described.TAKEN) - served == set()
    assert len(served) > 45


def test_paths_are_spelled_in_many_ways_and_others_stay() -> None:
    for path in (
        "/v1/Account/a/Call",
        "/v1/Account/a/Call/",
        "/api/v1/Account/a/Call",
        "/api/v1/Account/a/Call//",
    ):
        assert route_path(path) == "/v1/Account/a/Call"
    for path in ("/v10/Account", "/api/v1x", "/restcomm/v1/x", "/api/2012-04-24/Accounts/", "/"):
        assert route_path(path) == path
