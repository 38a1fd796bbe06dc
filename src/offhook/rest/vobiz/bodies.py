"""What a request carries: JSON or form fields, read one by one, with an error for people where one is wrong.

Either way a field is a text in the end: numbers may be sent as numbers or as texts, truths as `true` or "true", lists as
lists or with commas between. Names are case-sensitive and unknown ones are ignored.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import Depends, Request

from offhook.rest.errors import TOO_LARGE, Refusal, invalid
from offhook.rest.forms import FORM_TYPE, MAX_BODY_BYTES, MAX_FIELDS

Fields = Mapping[str, str]
_HALF = re.compile("[\ud800-\udfff]")
"""Half of a character, as JSON may have it escaped: no worker could be told of it."""


async def read_body(request: Request) -> Fields:
    """The fields of a request's body; none where it has none. Raises Refusal."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, TOO_LARGE, f"The body must not be larger than {MAX_BODY_BYTES} bytes.")
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    text = bytes(body).strip()
    if not text:
        return {}
    if kind == FORM_TYPE or (not kind and not text.startswith(b"{")):
        return _form(text)
    if kind and "json" not in kind and not text.startswith(b"{"):
        raise invalid(f"Send a JSON object, or form fields as {FORM_TYPE}, not {kind[:60]}.")
    return _json(text)


BodyFields = Annotated[Fields, Depends(read_body)]


def _form(text: bytes) -> Fields:
    try:
        return dict(parse_qsl(text.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise invalid(f"The body must be at most {MAX_FIELDS} form fields in UTF-8.") from None


def _json(text: bytes) -> Fields:
    try:
        value = json.loads(text.decode("utf-8"))
    except (ValueError, RecursionError):
        raise invalid("The body is no JSON: it must be an object, such as {}.") from None
    if not isinstance(value, dict):
        raise invalid("The body must be a JSON object.")
    return {str(name): _text(given) for name, given in value.items() if given is not None}


def _text(given: object) -> str:
    match given:
        case str():
            return _HALF.sub("\ufffd", given)
        case bool():
            return "true" if given else "false"
        case float() if given.is_integer():
            return str(int(given))
        case list() if all(not isinstance(item, list | dict) for item in given):
            return ",".join(_text(item) for item in given if item is not None)
        case dict() if all(not isinstance(item, list | dict) for item in given.values()):
            return ",".join(f"{name}={_text(item)}" for name, item in given.items() if item is not None)
        case list() | dict():
            raise invalid("The body must not have lists or objects within others.")
        case _:
            return str(given)


def whole(fields: Fields, name: str, *, least: int, most: int, default: int) -> int:
    """A whole number, `default` where none is given. Raises Refusal."""
    text = fields.get(name, "").strip()
    if not text:
        return default
    if not re.fullmatch(r"[0-9]{1,12}", text) or not least <= int(text) <= most:
        raise invalid(f"{name} must be a whole number from {least} to {most}.")
    return int(text)


def clamped(fields: Fields, name: str, *, least: int, most: int, default: int) -> int:
    """A whole number, drawn into its range. Raises Refusal for what is no number."""
    number = whole(fields, name, least=0, most=10**12, default=default)
    return max(least, min(most, number))
