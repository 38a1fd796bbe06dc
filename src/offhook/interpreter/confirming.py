"""What whoever answered must do before they are connected: hear a sound and press a key."""

from collections.abc import Callable
from dataclasses import replace

from offhook.call.errors import Asked, OffhookError
from offhook.call.info import CallStatus
from offhook.interpreter.news import News
from offhook.interpreter.ports import StatusChange
from offhook.interpreter.program import Program
from offhook.interpreter.screening import DIALS_ON
from offhook.verbs import (
    Confirmation,
    Document,
    Gather,
    Gathered,
    Hangup,
    Outcome,
    Pause,
    Play,
    Problem,
    Request,
    Say,
    Target,
    Understood,
    Verb,
)

Parameters = tuple[tuple[str, str], ...]


class Confirming:
    """Fills `program.Program`: the sound, and the key; a document that ends connects, one that hangs up declines.

    Another key than the wanted one is none: the time for the right one begins anew.
    """

    def __init__(self, confirmation: Confirmation, of_answered: Callable[[], Program], told: Program) -> None:
        """`of_answered` makes what asks for the sound once the far end has answered; `told` is told of the call's states."""
        self._confirmation = confirmation
        self._of_answered = of_answered
        self._told = told
        self._program: Program | None = None

    async def first(self, status: CallStatus) -> Document:
        """The sound, with the key to be pressed. Raises CustomerError."""
        sound = Document()
        if self._confirmation.sound is not None:
            self._program = self._of_answered()
            sound = await self._program.aside(self._confirmation.sound, (), status, Asked.DIAL_SOUND)
        prompts = tuple(verb for verb in sound.verbs if isinstance(verb, Say | Play | Pause))
        problems = tuple(_left_out(verb) for verb in sound.verbs if not isinstance(verb, Say | Play | Pause))
        verbs = (self._gather(prompts),) if self._confirmation.key else prompts
        return replace(sound, verbs=verbs, problems=(*sound.problems, *problems))

    async def after(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """Nothing more once the key was pressed; a Hangup where it was not in time."""
        if not isinstance(outcome, Gathered) or outcome.keys == self._confirmation.key:
            return None
        if outcome.keys:
            return Document((self._gather(()),))
        return Document((Hangup(),))

    def _gather(self, prompts: tuple[Say | Play | Pause, ...]) -> Gather:
        timeout_s = self._confirmation.timeout_s
        return Gather(
            prompts=prompts, finish_keys=frozenset(), max_keys=1, start_timeout_s=timeout_s, act_on_empty=True
        )

    async def recover(self, error: OffhookError, status: CallStatus) -> Document:
        """Nothing takes the place of a sound that failed. Raises `error`."""
        raise error

    async def aside(
        self, target: Target, parameters: Parameters, status: CallStatus, asked: Asked = Asked.ASIDE
    ) -> Document:
        """Nothing that runs here asks for anything."""
        return Document()

    def about(self, status: CallStatus) -> Parameters:
        """Nothing: nobody is told."""
        return ()

    def caller_left(self) -> None:
        """Whoever was asked hung up."""
        if self._program is not None:
            self._program.caller_left()

    def partial(self, target: Target, understood: Understood, status: CallStatus) -> Request:
        """What would be told: nobody speaks here."""
        return Request(target)

    def news(self, target: Target, verb: Verb, news: News, status: CallStatus) -> Request:
        """What would be told: nothing that runs here makes news."""
        return Request(target)

    def callbacks(self, change: StatusChange) -> tuple[Request, ...]:
        """The notifications that a change of the leg's state causes."""
        return self._told.callbacks(change)


def _left_out(verb: Verb) -> Problem:
    name = type(verb).__name__
    message = f"Line {verb.line}: {name} was left out of what is heard before the connection; Say, Play and Pause can be."
    return Problem(code=DIALS_ON, message=message, line=verb.line)
