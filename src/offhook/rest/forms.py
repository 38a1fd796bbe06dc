"""Parameters of a POST: form fields, read one by one, with an error for people where one is wrong.

Names are case-sensitive and unknown ones are ignored. A field that is given twice counts the last time.
"""

import json
import re
from collections.abc import Mapping
from typing import Annotated
from urllib.parse import parse_qsl, urlsplit

from fastapi import Depends, Request

from offhook.rest.errors import TOO_LARGE, WRONG_TYPE, Refusal, invalid
from offhook.verbs import Method, Target

Form = Mapping[str, str]
MAX_BODY_BYTES = 1_000_000
MAX_FIELDS = 200
MAX_URL_CHARS = 2048
MAX_METADATA_CHARS = 10_000
FORM_TYPE = "application/x-www-form-urlencoded"
_UNFIT_FOR_URL = re.compile(r"[\x00-\x20\x7f]")
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


async def read_form(request: Request) -> Form:
    """The form fields of a request. Raises Refusal."""
    body = await _bounded_body(request)
    content_type = request.headers.get("content-type", FORM_TYPE).partition(";")[0].strip().lower()
    if body and content_type != FORM_TYPE:
        raise Refusal(415, WRONG_TYPE, f"Send parameters as {FORM_TYPE}, not as {content_type}.")
    try:
        return dict(parse_qsl(body.decode("utf-8"), keep_blank_values=True, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise invalid(f"The body must be at most {MAX_FIELDS} form fields in UTF-8.") from None


async def _bounded_body(request: Request) -> bytes:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_BODY_BYTES:
            raise Refusal(413, TOO_LARGE, f"The body must not be larger than {MAX_BODY_BYTES} bytes.")
    return bytes(body)


FormFields = Annotated[Form, Depends(read_form)]


def required(form: Form, name: str) -> str:
    """A field that must be there and not be empty. Raises Refusal."""
    text = form.get(name, "").strip()
    if not text:
        raise invalid(f"{name} is required.")
    return text


def words(form: Form, name: str, *, longest: int) -> str | None:
    """Printable text of a line; None where there is none. Raises Refusal."""
    text = form.get(name, "").strip()
    if _UNPRINTABLE.search(text):
        raise invalid(f"{name} must be a single line of text.")
    if len(text) > longest:
        raise invalid(f"{name} must not be longer than {longest} characters.")
    return text or None


def url(form: Form, name: str) -> str | None:
    """An absolute http or https URL; None where there is none. Raises Refusal."""
    text = form.get(name, "").strip()
    if text and not _is_web_address(text):
        raise invalid(
            f"{name} must be an absolute http or https URL of at most {MAX_URL_CHARS} characters, "
            "such as https://app.example.com/voice."
        )
    return text or None


def _is_web_address(text: str) -> bool:
    if _UNFIT_FOR_URL.search(text) or len(text) > MAX_URL_CHARS:
        return False
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and port != 0


def method(form: Form, name: str) -> Method | None:
    """GET or POST; None where there is none. Raises Refusal."""
    text = form.get(name, "").strip().upper()
    if text and text not in list(Method):
        raise invalid(f"{name} must be GET or POST.")
    return Method(text) if text else None


def target(form: Form, url_name: str, method_name: str) -> Target | None:
    """A URL with its method, POST unless it says; None where there is no URL. Raises Refusal."""
    at = url(form, url_name)
    by = method(form, method_name) or Method.POST
    return Target(at, by) if at else None


def truth(form: Form, name: str) -> bool | None:
    """true or false; None where there is none. Raises Refusal."""
    text = form.get(name, "").strip().lower()
    if text not in ("", "true", "false"):
        raise invalid(f"{name} must be true or false.")
    return text == "true" if text else None


def seconds(form: Form, name: str, *, least: int, most: int, default: int) -> int:
    """A whole number of seconds. Raises Refusal."""
    text = form.get(name, "").strip() or str(default)
    if not re.fullmatch("[0-9]{1,9}", text) or not least <= int(text) <= most:
        raise invalid(f"{name} must be a whole number of seconds from {least} to {most}.")
    return int(text)


def json_object(form: Form, name: str) -> str | None:
    """The text of a JSON object, in its shortest form; None where there is none. Raises Refusal."""
    text = form.get(name, "").strip()
    if not text:
        return None
    if len(text) > MAX_METADATA_CHARS:
        raise invalid(f"{name} must not be longer than {MAX_METADATA_CHARS} characters.")
    try:
        value = json.loads(text, parse_constant=_no_constant)
        if isinstance(value, dict):
            return json.dumps(value, separators=(",", ":"), allow_nan=False)
    except (ValueError, RecursionError):
        pass
    raise invalid(f'{name} must be a JSON object, such as {{"order": 7}}.')


def _no_constant(name: str) -> float:
    raise ValueError(name)
