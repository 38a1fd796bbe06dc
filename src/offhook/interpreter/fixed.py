"""A program that asks nobody: one document, known beforehand."""

from offhook.call.errors import Asked, OffhookError
from offhook.call.info import CallInfo, CallStatus
from offhook.interpreter.news import News
from offhook.interpreter.ports import StatusChange
from offhook.interpreter.program import StatusCallback
from offhook.verbs import Document, Outcome, Request, Target, Understood, Verb


class FixedProgram:
    """Fills `program.Program` with one document; outcomes are told to nobody. The call's states are, where `told` says
    whose and how."""

    def __init__(self, *verbs: Verb, told: tuple[CallInfo, StatusCallback] | None = None) -> None:
        self._document = Document(verbs)
        self._told = told

    async def first(self, status: CallStatus) -> Document:
        """The document."""
        return self._document

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """The next verb always."""
        return None

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """There is nothing else to do. Raises `error`."""
        raise error

    async def aside(
        self,
        target: Target,
        parameters: tuple[tuple[str, str], ...],
        status: CallStatus,
        asked: Asked = Asked.ASIDE,
    ) -> Document:
        """There is nobody to ask, so the document is empty."""
        return Document()

    def about(self, status: CallStatus) -> tuple[tuple[str, str], ...]:
        """Nothing, as there is nobody to tell."""
        return ()

    def caller_left(self) -> None:
        """Nobody is being asked."""

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """What would be told."""
        return Request(target, (("text", understood.text),))

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """What would be told: nobody is."""
        return Request(target)

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """Those that somebody wants to know."""
        if self._told is None:
            return ()
        info, callback = self._told
        return callback.requests(info, change)
