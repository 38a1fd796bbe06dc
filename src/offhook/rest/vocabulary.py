"""How an OpenAPI description tells what a request takes, made from a table of parameters."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The parameters of one API: what each is and says, and the media type that bodies have."""

    parameters: Mapping[str, tuple[str, str]]
    """By name: the kind, which is one of `schemas` or the values that are allowed, parted by `|`; and a sentence."""
    schemas: Mapping[str, Mapping[str, Any]]
    media_type: str

    def parameter(self, name: str, place: str, *, is_required: bool = False) -> Json:
        """A parameter in the `path` or the `query`. Raises KeyError for one that nobody described."""
        schema, words = self._known(name)
        return {"name": name, "in": place, "required": is_required, "description": words, "schema": schema}

    def body(self, names: str) -> Json:
        """A body of these fields, parted by blanks; a star behind a name says that it must be there. Raises KeyError."""
        properties: Json = {}
        for name in names.split():
            schema, words = self._known(name.removesuffix("*"))
            properties[name.removesuffix("*")] = {**schema, "description": words}
        whole: Json = {"type": "object", "properties": properties}
        required = [name.removesuffix("*") for name in names.split() if name.endswith("*")]
        if required:
            whole["required"] = required
        return {"required": bool(required), "content": {self.media_type: {"schema": whole}}}

    def _known(self, name: str) -> tuple[Json, str]:
        kind, words = self.parameters[name]
        schema = self.schemas[kind] if kind in self.schemas else {"type": "string", "enum": kind.split("|")}
        return dict(schema), words
