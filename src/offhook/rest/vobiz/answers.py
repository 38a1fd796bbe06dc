"""Answers: JSON objects, each with an `api_id` of its own, by which a client and the log speak of the same request."""

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlencode

from starlette.responses import Response

from offhook.rest.errors import Refusal, invalid
from offhook.rest.vobiz.bodies import Fields, whole

Answered = Mapping[str, object]
DEFAULT_LIMIT = 20
MOST_AT_ONCE = 100


def api_id() -> str:
    """A new identity of a request."""
    return str(uuid.uuid4())


def answer(fields: Answered, status: int = 200) -> Response:
    """What a request is answered with, `api_id` before all else."""
    return bare({"api_id": api_id(), **fields}, status)


def bare(fields: Answered, status: int = 200) -> Response:
    """The same without `api_id`."""
    text = json.dumps(fields, ensure_ascii=False, separators=(",", ":"))
    return Response(text.encode("utf-8", "replace"), status_code=status, media_type="application/json")


def done() -> Response:
    """Nothing is to be said any more: 204."""
    return Response(status_code=204)


def error(refusal: Refusal) -> Response:
    """A refusal."""
    said = answer({"error": refusal.message}, refusal.status)
    said.headers.update(refusal.headers)
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """Which part of a list is asked for."""

    limit: int
    offset: int


def read_stretch(query: Fields, *, most: int = MOST_AT_ONCE) -> Stretch:
    """What `limit` and `offset` ask for; a limit above `most` is `most`. Raises Refusal."""
    limit = whole(query, "limit", least=1, most=1_000_000, default=DEFAULT_LIMIT)
    offset = whole(query, "offset", least=0, most=1_000_000_000, default=0)
    return Stretch(limit=min(limit, most), offset=offset)


def page(
    items: Sequence[Answered], total: int, asked: Stretch, *, path: str, query: Mapping[str, str]
) -> Response:
    """A stretch of a list of `total` items at `path`, with links to its neighbours that keep what was asked."""

    def link(offset: int) -> str:
        return f"{path}?{urlencode({**query, 'limit': asked.limit, 'offset': offset})}"

    after = asked.offset + asked.limit
    meta = {
        "limit": asked.limit,
        "offset": asked.offset,
        "next": link(after) if after < total else None,
        "previous": link(max(0, asked.offset - asked.limit)) if asked.offset else None,
        "total_count": total,
    }
    return answer({"meta": meta, "objects": list(items)})


def moment(at: datetime | None) -> str | None:
    """`2026-11-22 01:25:43.123000+00:00`, in UTC."""
    return None if at is None else at.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")


def read_uuid(text: str) -> str | None:
    """The identity that a UUID stands for, with or without its hyphens; None for what is no UUID."""
    try:
        return uuid.UUID(text).hex if len(text) in (32, 36) else None
    except ValueError:
        return None


def uuid_text(identity: str) -> str:
    """An identity of ours as a UUID."""
    return str(uuid.UUID(identity))


def must_be(text: str, name: str, allowed: Sequence[str], default: str) -> str:
    """One of `allowed`, in whatever case it is written; `default` where nothing is. Raises Refusal."""
    word = text.strip().lower() or default
    if word not in allowed:
        raise invalid(f"{name} must be one of {', '.join(allowed)}.")
    return word
