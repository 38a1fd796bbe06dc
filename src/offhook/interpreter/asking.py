"""Asks a call's application, and asks again while that may help: the thin side of `retries`."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from random import random

from offhook.call.errors import FetchFailed
from offhook.call.exchange import Reply
from offhook.call.info import new_id
from offhook.call.url_terms import policy_of
from offhook.interpreter.ports import Fetch
from offhook.interpreter.retries import pause_before_next
from offhook.verbs import Problem, Request

REQUEST_HEADER = "X-Offhook-Request"
"""Carries one id for all tries of a question, so that an application can tell a repetition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What an application said, and what it took."""

    reply: Reply
    problem: Problem | None
    """The warning for the customer where the first try was not enough."""


class Asking:
    """All questions of one call. Each has `budget_s` seconds anew: a question is only asked after an answer that
    worked, or after one that did not was given up for good."""

    def __init__(self, fetch: Fetch, *, budget_s: float, chance: Callable[[], float] = random) -> None:
        """`chance` makes the jitter, 0 to 1."""
        self._fetch = fetch
        self._budget_s = budget_s
        self._chance = chance
        self._left = asyncio.Event()

    def caller_left(self) -> None:
        """Nobody waits any more: what is being asked is tried once more at most."""
        self._left.set()

    async def ask(self, request: Request, *, most_s: float | None = None) -> Answer:
        """The answer to a question. Failed tries and the pauses after them take from its budget, `most_s` at most; a
        first try takes what the limits of one exchange allow. Raises FetchFailed."""
        loop = asyncio.get_running_loop()
        began_at = loop.time()
        terms = policy_of(request)
        # What the language grants takes the place of the setting; what only a URL says stays within it.
        own_s = terms.total_s if request.policy is not None else None
        limits = (self._budget_s if own_s is None else own_s, most_s, terms.total_s)
        budget_s = min(limit for limit in limits if limit is not None)
        headers = ((REQUEST_HEADER, new_id()),)
        failed: FetchFailed | None = None
        tries = 0
        while True:
            tries += 1
            is_last = self._left.is_set()
            try:
                async with asyncio.timeout_at(None if failed is None else began_at + budget_s):
                    reply = await self._fetch.fetch(request, headers)
            except FetchFailed as error:
                failed = error
            except TimeoutError as error:
                assert failed is not None, "only a repetition has its end set here"
                raise _summed(failed, tries, loop.time() - began_at) from error
            else:
                return Answer(reply=reply, problem=_problem(failed, tries, loop.time() - began_at))
            left_s = began_at + budget_s - loop.time()
            pause_s = pause_before_next(
                failed, tries=tries, left_s=left_s, chance=self._chance(), terms=terms
            )
            if pause_s is None or is_last:
                raise _summed(failed, tries, loop.time() - began_at) from failed
            await self._pause(pause_s)

    async def _pause(self, seconds: float) -> None:
        """Wait, but not once the caller has left."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._left.wait()


def _problem(failed: FetchFailed | None, tries: int, took_s: float) -> Problem | None:
    if failed is None:
        return None
    words = f"{failed.message}; try {tries} was answered, {took_s:.1f} s after the first began"
    return Problem(code=failed.code, message=words)


def _summed(failed: FetchFailed, tries: int, took_s: float) -> FetchFailed:
    """The last failure, saying how often was tried."""
    if tries == 1:
        return failed
    return FetchFailed(
        failed.code,
        f"{failed.message}; tried {tries} times within {took_s:.1f} s",
        failed.exchange,
        status=failed.status,
        trouble=failed.trouble,
    )
