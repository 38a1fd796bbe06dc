"""A program that asks nobody: one document, known beforehand."""

from offhook.call.errors import OffhookError
from offhook.call.info import CallStatus
from offhook.interpreter.ports import StatusChange
from offhook.verbs import Document, Outcome, Request, Target, Verb


class FixedProgram:
    """Fills `program.Program` with one document; outcomes are told to nobody."""

    def __init__(self, *verbs: Verb) -> None:
        self._document = Document(verbs)

    async def first(self, status: CallStatus) -> Document:
        """The document."""
        return self._document

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """The next verb always."""
        return None

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """There is nothing else to do. Raises `error`."""
        raise error

    def caller_left(self) -> None:
        """Nobody is being asked."""

    def partial(self, target: Target, text: str, status: CallStatus) -> Request:
        """What would be told."""
        return Request(target, (("text", text),))

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """Nobody is told."""
        return ()
