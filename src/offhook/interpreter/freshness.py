"""How long a sound may be used: what HTTP says of caching (RFC 9111), read in the cautious way.

An answer with `max-age` is used without asking until it is that old, counted from when it was asked for. Later, and
where there is no `max-age`, an answer with an ETag or a Last-Modified is asked for again and used if it still holds.
`no-store`, and the lack of all of these, mean that it is used once. Nothing is guessed from dates (`Expires`, heuristics).
The sounds of one URL belong to whoever knows that URL with its credentials, and no request for one says anything
of the caller: this is a private cache in the sense of the RFC, so `private` allows and `s-maxage` means nothing.
"""

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from offhook.call.exchange import Reply

OK, NOT_MODIFIED = 200, 304

MOST_SECONDS = 2**31
"""What any longer time counts as (RFC 9111, section 1.2.2)."""

MOST_CHARACTERS = 4_000
"""Of an answer's URL and of those of its headers that are kept; one that has more is used once."""

_DIRECTIVE = re.compile(r'([^\s,;="]+)(?:=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]*)))?')
_KEPT_HEADERS = ("cache-control", "age", "etag", "last-modified", "vary")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """On which terms a sound may be used again."""

    fresh_until: float = -math.inf
    """Without asking, until this time of the clock that counts."""
    answer: Reply | None = None
    """The answer it came with, without its body, to ask whether that still holds; None where this cannot be asked."""

    @property
    def may_be_kept(self) -> bool:
        """Whether it is any use to have it at hand."""
        return self.answer is not None or self.fresh_until > -math.inf


ALWAYS = Terms(fresh_until=math.inf)
ONCE = Terms()


def terms_of(answer: Reply, asked_at: float) -> Terms:
    """The terms of a sound that came with `answer`, which was asked for at `asked_at` in seconds."""
    directives = _directives(_values(answer, "cache-control"))
    headers = tuple((name, value) for name, value in answer.headers if name.lower() in _KEPT_HEADERS)
    length = len(answer.url) + sum(len(value) for _, value in headers)
    if answer.status != OK or "no-store" in directives or length > MOST_CHARACTERS:
        return ONCE
    lifetime_s = _seconds(directives.get("max-age", "")) or 0
    age_s = _seconds(answer.header("age") or "") or 0
    # A redirect may lead somewhere else the next time; only the URL at its end is fresh.
    is_reusable = (
        not answer.was_redirected
        and "no-cache" not in directives
        and "*" not in ",".join(_values(answer, "vary"))
    )
    can_be_asked = answer.header("etag") is not None or answer.header("last-modified") is not None
    is_fresh = is_reusable and lifetime_s > age_s
    return Terms(
        fresh_until=asked_at + lifetime_s - age_s if is_fresh else -math.inf,
        answer=replace(answer, headers=headers, body=b"") if can_be_asked else None,
    )


def renewed(terms: Terms, not_modified: Reply, asked_at: float) -> Terms:
    """`terms` after an answer that they still hold (304), whose headers replace those before (section 3.2)."""
    assert terms.answer is not None, "only what can be asked about was asked about"
    said = {name.lower() for name, _ in not_modified.headers}
    # The age of the answer before says nothing of this one.
    before = tuple(
        (name, value) for name, value in terms.answer.headers if name.lower() not in (*said, "age")
    )
    return terms_of(replace(terms.answer, headers=(*not_modified.headers, *before)), asked_at)


def _values(answer: Reply, wanted: str) -> list[str]:
    return [value for name, value in answer.headers if name.lower() == wanted]


def _directives(values: Iterable[str]) -> dict[str, str]:
    """Cache-Control's directives; one that is there twice with two meanings counts with none (section 4.2.1)."""
    found: dict[str, str] = {}
    for match in _DIRECTIVE.finditer(",".join(values)):
        name, value = match[1].lower(), match[2] or match[3] or ""
        found[name] = value if found.get(name, value) == value else ""
    return found


def _seconds(text: str) -> int | None:
    """A whole number of seconds; None for anything else."""
    digits = re.fullmatch(r"\s*0*([0-9]+)\s*(?:,.*)?", text)
    if digits is None:
        return None
    return MOST_SECONDS if len(digits[1]) > 10 else min(int(digits[1]), MOST_SECONDS)
