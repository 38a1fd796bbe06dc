"""What whoever answered hears before they are connected: a program of which nothing dials on."""

from collections.abc import Callable
from dataclasses import replace

from offhook.call.errors import Asked, OffhookError
from offhook.call.info import CallStatus
from offhook.interpreter.news import News
from offhook.interpreter.ports import StatusChange
from offhook.interpreter.program import Program
from offhook.verbs import (
    Conference,
    Dequeue,
    Dial,
    Document,
    Enqueue,
    Outcome,
    Problem,
    Request,
    Target,
    Understood,
    Verb,
)

DIALS_ON = 13201
"""The notification's code."""
_NOT_HERE = (Dial, Conference, Enqueue, Dequeue)


class Screening:
    """Fills `program.Program`: another program, without the verbs that connect with somebody.

    Whoever is screened is connected afterwards, with the call that dialled them.
    """

    def __init__(self, of_answered: Callable[[], Program], told: Program) -> None:
        """`of_answered` makes the program once the far end has answered, when all is known of it; `told` is told of the
        call's states."""
        self._of_answered = of_answered
        self._told = told
        self._program: Program | None = None

    @property
    def _screens(self) -> Program:
        if self._program is None:
            self._program = self._of_answered()
        return self._program

    async def first(self, status: CallStatus) -> Document:
        """The document that a screening begins with. Raises CustomerError."""
        return _without_dialling(await self._screens.first(status))

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """The document to go on with, or None for the next verb. Raises CustomerError."""
        following = await self._screens.after(verb, outcome, status)
        return None if following is None else _without_dialling(following)

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """Nothing takes the place of a screening that failed. Raises `error`."""
        raise error

    async def aside(
        self,
        target: Target,
        parameters: tuple[tuple[str, str], ...],
        status: CallStatus,
        asked: Asked = Asked.ASIDE,
    ) -> Document:
        """The document of a URL that a verb names for its own use. Raises CustomerError."""
        return await self._screens.aside(target, parameters, status, asked)

    def about(self, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """What the application is told of the call with every request."""
        return self._screens.about(status)

    def caller_left(self) -> None:
        """Whoever was screened hung up."""
        if self._program is not None:
            self._program.caller_left()

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """The request that tells what is understood so far."""
        return self._screens.partial(target, understood, status)

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """The request that tells what happens while a verb runs."""
        return self._screens.news(target, verb, news, status)

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """The notifications that a change of the leg's state causes."""
        return self._told.callbacks(change)


def _without_dialling(document: Document) -> Document:
    found = [verb for verb in document.verbs if isinstance(verb, _NOT_HERE)]
    if not found:
        return document
    problems = tuple(
        Problem(
            code=DIALS_ON,
            message=f"Line {verb.line}: {type(verb).__name__} was left out of the document that screens a dialled call: "
            "it is connected with the call that dialled it.",
            line=verb.line,
        )
        for verb in found
    )
    verbs = tuple(verb for verb in document.verbs if not isinstance(verb, _NOT_HERE))
    return replace(document, verbs=verbs, problems=(*document.problems, *problems))
