"""Whether a question that met no answer is asked again, and after which pause: pure, so that time costs nothing in tests.

A caller waits meanwhile. So the pauses are short, and all tries of one question together with the pauses between them
stay within a budget; then the fallback URL is asked, which is better than a tenth try.
"""

from offhook.call.errors import FetchFailed
from offhook.call.url_terms import NO_TERMS
from offhook.verbs import TryPolicy

PAUSES_S = (0.2, 0.5, 1.0, 2.0)
"""After the first try, the second, and so on; the last one for ever."""
JITTER = 0.2
"""Pauses vary by this part of themselves, so that calls that failed together do not come back together."""
LEAST_TRY_S = 0.5
"""A try that would have less time than this is not begun."""


def pause_before_next(
    failed: FetchFailed, *, tries: int, left_s: float, chance: float, terms: TryPolicy = NO_TERMS
) -> float | None:
    """Seconds to wait before a question is asked again; None where it is not.

    `tries` counts those made, the failed one included; `left_s` is what is left of the budget; `chance` is 0 to 1,
    for the jitter; `terms` are the URL's own. A Retry-After in seconds is honoured as far as the budget reaches.
    """
    if terms.retries is not None and tries > terms.retries:
        return None
    if not (failed.is_passing if terms.retried is None else failed.trouble in terms.retried):
        return None
    pause_s = PAUSES_S[min(tries, len(PAUSES_S)) - 1] * (1 + JITTER * (2 * chance - 1))
    pause_s = max(pause_s, _asked_for_s(failed))
    return pause_s if pause_s + LEAST_TRY_S <= left_s else None


def _asked_for_s(failed: FetchFailed) -> float:
    reply = failed.exchange.reply if failed.exchange is not None else None
    text = ((reply.header("retry-after") if reply is not None else None) or "").strip()
    return float(text[:9]) if text.isascii() and text.isdigit() else 0.0
