"""How patient an application is, as the fragment of its URL says: `https://host/path#ct=2000&rt=3000&rc=3&rp=ct,rt`.

    key  meaning                          range        default
    ct   milliseconds to connect          100..10000   2000
    rt   milliseconds until an answer     100..40000   40000
    tt   milliseconds for all tries       100..55000   55000
    rc   retries after the first try      0..5         1; 2 for an answer URL
    rp   after what: ct rt 4xx 5xx all                 ct,rt

Plivo's table; Vobiz refers to it without one. `er`, a region of theirs, means nothing here. What is out of its range is
drawn into it, what is no value is as if it were not there.
"""

from offhook.call.errors import Asked
from offhook.call.url_terms import terms_of
from offhook.verbs import Trouble, TryPolicy

CONNECT_S, MOST_CONNECT_S = 2.0, 10.0
MOST_ANSWER_S = 40.0
MOST_TOTAL_S = 55.0
RETRIES, RETRIES_OF_ANSWER_URL, MOST_RETRIES = 1, 2, 5
RETRIED = frozenset({Trouble.NO_CONNECTION, Trouble.NO_ANSWER})

_BEGINNINGS = (Asked.FIRST, Asked.FALLBACK)


def policy_of(url: str, asked: Asked) -> TryPolicy:
    """The patience with which `url` is asked for `asked`; every field of it is set."""
    said = terms_of(url)
    retries = RETRIES_OF_ANSWER_URL if asked in _BEGINNINGS else RETRIES
    return TryPolicy(
        retries=min(retries if said.retries is None else said.retries, MOST_RETRIES),
        retried=RETRIED if said.retried is None else said.retried,
        connect_s=min(said.connect_s or CONNECT_S, MOST_CONNECT_S),
        answer_s=min(said.answer_s or MOST_ANSWER_S, MOST_ANSWER_S),
        total_s=min(said.total_s or MOST_TOTAL_S, MOST_TOTAL_S),
    )
