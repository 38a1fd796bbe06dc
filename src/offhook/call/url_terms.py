"""What a URL says of its own patience, in its fragment: `https://host/voice#rc=3&rp=5xx,ct&ct=2000&rt=5000&tt=12000`.

The syntax is one that many applications know from other voice platforms. The fragment is never sent.

    rc  how often it is asked again at most, 0 to 10
    rp  after what: ct (no connection), rt (no answer in time), 4xx, 5xx, all; comma-separated
    ct  milliseconds to connect
    rt  milliseconds until an answer begins
    tt  milliseconds for all tries together

Unknown keys and values that are none are passed over: a fragment may be there for somebody else.
"""

from functools import lru_cache
from urllib.parse import parse_qsl

from offhook.verbs import Request, Trouble, TryPolicy

MOST_RETRIES = 10
SHORTEST_S, LONGEST_S = 0.1, 60.0


NO_TERMS = TryPolicy()


def terms_of(url: str) -> TryPolicy:
    """The terms in a URL's fragment."""
    _, hash_sign, fragment = url.partition("#")
    return _read(fragment[:200]) if hash_sign and "=" in fragment else NO_TERMS


def policy_of(request: Request) -> TryPolicy:
    """How patiently a request is asked: as it says itself, or else as its URL does."""
    return request.policy if request.policy is not None else terms_of(request.target.url)


@lru_cache(maxsize=1_000)
def _read(fragment: str) -> TryPolicy:
    said = dict(reversed(parse_qsl(fragment)))
    return TryPolicy(
        retries=_number(said.get("rc"), MOST_RETRIES),
        retried=_troubles(said.get("rp")),
        connect_s=_seconds(said.get("ct")),
        answer_s=_seconds(said.get("rt")),
        total_s=_seconds(said.get("tt")),
    )


def _number(text: str | None, most: int) -> int | None:
    if text is None or not (text.isascii() and text.isdigit()):
        return None
    return min(int(text[:9]), most)


def _seconds(text: str | None) -> float | None:
    milliseconds = _number(text, round(LONGEST_S * 1000))
    return None if milliseconds is None else max(SHORTEST_S, milliseconds / 1000)


def _troubles(text: str | None) -> frozenset[Trouble] | None:
    if text is None:
        return None
    names = {name.strip().lower() for name in text.split(",")}
    found = frozenset(Trouble) if "all" in names else frozenset(each for each in Trouble if each in names)
    return found or None
