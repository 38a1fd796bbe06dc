"""Where a call's documents come from. `Program` hides pull from push: the run loop is the same for both."""

from collections.abc import Callable
from dataclasses import replace
from random import random
from typing import Protocol

from offhook.call.errors import Asked, CustomerError, DocumentInvalid, NoticeFailed, OffhookError
from offhook.call.exchange import Exchange
from offhook.call.info import CallInfo, CallStatus
from offhook.interpreter.asking import Asking
from offhook.interpreter.discreet import is_private
from offhook.interpreter.news import News
from offhook.interpreter.ports import Dialect, Fetch, StatusChange
from offhook.verbs import (
    Detected,
    Dialled,
    Document,
    Gather,
    Outcome,
    Pause,
    Play,
    Redirect,
    Request,
    Say,
    Target,
    Understood,
    Verb,
)

Parameters = tuple[tuple[str, str], ...]

MOST_FALLBACK_RETRY_S = 5.0
"""A fallback URL is asked again for so long at most: the caller has waited for the first URL already."""


class Program(Protocol):
    """Says what a call does next. `status` is the call's state at that moment, which requests tell."""

    async def first(self, status: CallStatus) -> Document:
        """The document that a call begins with. Raises CustomerError."""

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """Take a verb's outcome; the document to go on with, or None for the next verb. Raises CustomerError, and
        NoticeFailed where the next verb runs all the same."""

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """The document for when something failed. Raises `error` again, or a newer one, where there is none."""

    async def aside(
        self,
        target: Target,
        parameters: tuple[tuple[str, str], ...],
        status: CallStatus,
        asked: Asked = Asked.ASIDE,
    ) -> Document:
        """The document of a URL that a verb names for its own use, as for what is heard while waiting. Raises
        CustomerError."""

    def about(self, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """What the application is told of the call with every request."""

    def caller_left(self) -> None:
        """The call is over. What is being asked comes to its end soon: nobody waits for the answer."""

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """The request that tells what is understood so far."""

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """The request that tells what happens while a verb runs."""

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """The notifications that a change of the call's state causes."""


class WebhookProgram:
    """Asks a web application: posts what happened, reads the next document out of the answer."""

    def __init__(
        self,
        *,
        info: CallInfo,
        dialect: Dialect,
        fetch: Fetch,
        first: Target,
        fallback: Target | None = None,
        status_callback: "StatusCallback | None" = None,
        retry_s: float = 15.0,
        chance: Callable[[], float] = random,
        is_transfer: bool = False,
    ) -> None:
        """`is_transfer`: `first` is where a running call was taken to. `retry_s`: how long a question is asked again and again before it counts as failed, in seconds; with 0 it is
        asked once. `chance` makes the jitter of the pauses between, 0 to 1."""
        self._info = info
        self._dialect = dialect
        self._asking = Asking(fetch, budget_s=retry_s, chance=chance)
        self._first = first
        self._fallback = fallback
        self._status_callback = status_callback
        self._fallback_is_spent = False
        self._first_is = Asked.TRANSFER if is_transfer else Asked.FIRST

    async def first(self, status: CallStatus) -> Document:
        """Fetch the application's first document. Raises CustomerError."""
        return await self._ask(self._first, (), status, self._first_is)

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """Report where the dialect says so; the answer is the next document. Raises CustomerError, NoticeFailed."""
        if isinstance(verb, Say | Play | Gather | Pause):
            self._fallback_is_spent = False
        if isinstance(outcome, Dialled) and outcome.call_id is not None:
            self._info = replace(self._info, outbound_call_id=outcome.call_id)
        if isinstance(outcome, Detected):
            self._info = replace(self._info, is_machine=outcome.is_machine)
        report = self._dialect.report(verb, outcome, self._info)
        if report.target is None:
            return None
        secrets = tuple(name for name, _ in report.parameters) if is_private(verb) else ()
        if report.is_notice:
            await self._tell(report.target, report.parameters, status, secrets)
            return None
        asked = Asked.REDIRECT if isinstance(verb, Redirect) else Asked.ACTION
        return await self._ask(report.target, report.parameters, status, asked, secrets)

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """Fetch the fallback URL, once until a verb has run again. Raises what was last wrong."""
        if self._fallback is None or self._fallback_is_spent or not isinstance(error, CustomerError):
            raise error
        if not self._dialect.falls_back(error.asked):
            raise error
        self._fallback_is_spent = True
        failed_url = error.exchange.request.target.url if error.exchange is not None else self._first.url
        told = self._dialect.failure(error.code, failed_url)
        return await self._ask(self._fallback, told, status, Asked.FALLBACK)

    async def aside(
        self,
        target: Target,
        parameters: tuple[tuple[str, str], ...],
        status: CallStatus,
        asked: Asked = Asked.ASIDE,
    ) -> Document:
        """Ask `target`, with the standard parameters besides. Raises CustomerError."""
        return await self._ask(target, parameters, status, asked)

    def about(self, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """The standard parameters."""
        return self._dialect.standard(self._info, status)

    def caller_left(self) -> None:
        """What is being asked is tried once more at most."""
        self._asking.caller_left()

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """The standard parameters with the words so far."""
        told = self._dialect.partial(understood)
        secrets = tuple(name for name, _ in told)  # nobody needs them in a log, whatever the application says
        return self._request(target, told, status, Asked.PARTIAL, secrets)

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """The standard parameters with what happened."""
        return self._request(target, self._dialect.news(verb, news, self._info), status, Asked.NEWS)

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """What the number's or the call's own StatusCallback is told."""
        if self._status_callback is None:
            return ()
        return self._status_callback.requests(self._info, change)

    async def _ask(
        self,
        target: Target,
        parameters: Parameters,
        status: CallStatus,
        asked: Asked,
        secrets: tuple[str, ...] = (),
    ) -> Document:
        request = self._request(target, parameters, status, asked, secrets)
        most_s = MOST_FALLBACK_RETRY_S if asked is Asked.FALLBACK else None
        try:
            answer = await self._asking.ask(request, most_s=most_s)
            document = self._dialect.read(answer.reply)
        except DocumentInvalid as invalid:
            invalid.exchange, invalid.asked = Exchange.shown(request, answer.reply), asked
            raise
        except CustomerError as error:
            error.asked = asked
            raise
        if answer.problem is None:
            return document
        return replace(document, problems=(answer.problem, *document.problems))

    async def _tell(
        self, target: Target, parameters: Parameters, status: CallStatus, secrets: tuple[str, ...]
    ) -> None:
        """Ask, and do not look at the answer. Raises NoticeFailed where there is none."""
        try:
            await self._asking.ask(self._request(target, parameters, status, Asked.ACTION, secrets))
        except CustomerError as error:
            error.asked = Asked.ACTION
            raise NoticeFailed(error) from error

    def _request(
        self,
        target: Target,
        parameters: Parameters,
        status: CallStatus,
        asked: Asked,
        secrets: tuple[str, ...] = (),
    ) -> Request:
        told = self._dialect.standard(self._info, status) + parameters
        return replace(self._dialect.request(target, told, asked), secrets=secrets)


class StatusCallback(Protocol):
    """Composes the notifications of one call's changes."""

    def requests(self, info: CallInfo, change: StatusChange) -> tuple[Request, ...]:
        """What is sent, and where; nothing for a change that was not asked for."""
