"""Facts as plain values and back: what a journal keeps.

A fact is a frozen dataclass of plain fields, so its type hints say all that is needed to read it again. A field that an
older version did not write takes its default; one that this version does not know is left out.
"""

import base64
import types
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, Union, cast, get_args, get_origin, get_type_hints

from offhook.call import facts
from offhook.call.facts import Fact

_PLAIN_ALREADY = frozenset({str, int, float, bool, type(None)})
_KINDS: dict[str, type] = {kind.__name__: kind for kind in get_args(facts.Fact)}


def encode(fact: Fact) -> dict[str, Any]:
    """The fact as values that JSON knows; `fact` names its kind."""
    return {"fact": type(fact).__name__, **_plain(fact)}


def decode(plain: Mapping[str, Any]) -> Fact:
    """The fact that `encode` made plain. Raises KeyError, TypeError or ValueError for anything else."""
    kind = _KINDS[plain["fact"]]
    return cast("Fact", _of_dataclass(kind, plain))


def _plain(value: Any) -> Any:
    kind = type(value)
    if kind in _PLAIN_ALREADY:
        return value
    if kind is tuple or kind is list:
        return [_plain(item) for item in value]
    if is_dataclass(kind):
        return {name: _plain(getattr(value, name)) for name in _names(kind)}
    match value:
        case Enum():
            return value.value
        case datetime():
            return value.isoformat()
        case bytes():
            return base64.b64encode(value).decode("ascii")
        case frozenset():
            return [_plain(item) for item in value]
        case Mapping():
            return {str(name): _plain(item) for name, item in value.items()}
        case _:
            return value


@cache
def _names(kind: type) -> tuple[str, ...]:
    return tuple(field.name for field in fields(kind))


@cache
def _hints(kind: type) -> dict[str, Any]:
    return get_type_hints(kind)


def _of_dataclass(kind: type, plain: Mapping[str, Any]) -> Any:
    hints = _hints(kind)
    return kind(**{name: _rich(hints[name], plain[name]) for name in hints if name in plain})


def _rich(hint: Any, plain: Any) -> Any:
    """The value of type `hint` that was made `plain`."""
    if get_origin(hint) in (Union, types.UnionType):
        if plain is None:
            return None
        # Our unions are of a type and None, or of numbers, which JSON tells apart by itself.
        options = [option for option in get_args(hint) if option is not types.NoneType]
        return _rich(options[0], plain) if len(options) == 1 else plain
    if get_origin(hint) is frozenset:
        return frozenset(_rich(get_args(hint)[0], item) for item in plain)
    if get_origin(hint) is tuple:
        return _tuple(get_args(hint), plain)
    if not isinstance(hint, type) or plain is None:
        return plain
    if is_dataclass(hint):
        return _of_dataclass(hint, plain)
    if issubclass(hint, Enum):
        return hint(plain)
    if issubclass(hint, datetime):
        return datetime.fromisoformat(plain)
    if issubclass(hint, bytes):
        return base64.b64decode(plain, validate=True)
    return plain


def _tuple(hints: tuple[Any, ...], plain: Any) -> tuple[Any, ...]:
    if len(hints) == 2 and hints[1] is Ellipsis:
        return tuple(_rich(hints[0], item) for item in plain)
    return tuple(_rich(hint, item) for hint, item in zip(hints, plain, strict=True))
