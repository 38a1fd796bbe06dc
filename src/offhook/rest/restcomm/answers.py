"""Answers: the same fields as JSON or XML.

Fields are named as JSON names them, in the order in which they are written. In XML each name becomes
PascalCase unless it begins with a capital already, and what is None is left out; in JSON too, unless a resource says otherwise.
"""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from lxml import etree
from starlette.responses import Response

from offhook.rest.errors import Refusal
from offhook.rest.restcomm.paging import Envelope
from offhook.rest.restcomm.spelling import Format

Fields = Mapping[str, object]
_NOT_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """What a resource is called: one of it and many in XML, many in JSON."""

    element: str
    elements: str
    key: str
    keeps_nulls: bool = False
    """Whether JSON shows fields that have no value."""


def one(kind: Kind, fields: Fields, format: Format) -> Response:
    """A single resource."""
    if format is Format.JSON:
        return _json(_shown(kind, fields))
    root = etree.Element("RestcommResponse")
    _add(root, kind.element, fields)
    return _xml(root)


def many(kind: Kind, items: Sequence[Fields], around: Envelope, format: Format) -> Response:
    """A page of resources."""
    if format is Format.JSON:
        return _json({**asdict(around), kind.key: [_shown(kind, fields) for fields in items]})
    root = etree.Element("RestcommResponse")
    attributes = {name.replace("_", ""): str(value) for name, value in asdict(around).items()}
    page = etree.SubElement(root, kind.elements, attributes)
    for fields in items:
        _add(page, kind.element, fields)
    return _xml(root)


def every(kind: Kind, items: Sequence[Fields], format: Format) -> Response:
    """All there are, without pages around them: in JSON a bare array."""
    if format is Format.JSON:
        return _json([_shown(kind, fields) for fields in items])
    root = etree.Element("RestcommResponse")
    all_of_them = etree.SubElement(root, kind.elements)
    for fields in items:
        _add(all_of_them, kind.element, fields)
    return _xml(root)


def words(kind: Kind, items: Sequence[str], format: Format) -> Response:
    """All there are of what is a word only: in JSON a bare array of texts."""
    if format is Format.JSON:
        return _json(list(items))
    root = etree.Element("RestcommResponse")
    all_of_them = etree.SubElement(root, kind.elements)
    for item in items:
        _add(all_of_them, kind.element, item)
    return _xml(root)


def error(refusal: Refusal, format: Format) -> Response:
    """A refusal."""
    fields = {
        "code": refusal.code,
        "message": refusal.message,
        "more_info": f"/restcomm/errors/{refusal.code}.html",
    }
    if format is Format.JSON:
        answer = _json(fields)
    else:
        root = etree.Element("RestcommResponse")
        _add(root, "RestException", fields)
        answer = _xml(root)
    answer.status_code = refusal.status
    answer.headers.update(refusal.headers)
    return answer


def whole_number(seconds: float) -> int | float:
    """A duration as a number: whole where it is, else to the millisecond."""
    rounded = round(seconds, 3)
    return int(rounded) if rounded.is_integer() else rounded


def _shown(kind: Kind, fields: Fields) -> Fields:
    if kind.keeps_nulls:
        return fields
    return {name: value for name, value in fields.items() if value is not None}


def _json(value: object) -> Response:
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), media_type="application/json")


def _xml(root: etree._Element) -> Response:
    return Response(
        etree.tostring(root, xml_declaration=True, encoding="UTF-8"), media_type="application/xml"
    )


def _add(parent: etree._Element, name: str, value: object) -> None:
    if value is None:
        return
    element = etree.SubElement(parent, name)
    if isinstance(value, Mapping):
        for inner, inner_value in value.items():
            _add(element, _pascal(inner), inner_value)
    elif isinstance(value, list | tuple):
        for item in value:
            _add(element, name.removesuffix("s"), item)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        element.text = _NOT_XML.sub("\ufffd", text)


def _pascal(name: str) -> str:
    if name[:1].isupper():
        return name
    return "".join(f"{word[:1].upper()}{word[1:]}" for word in name.split("_"))
