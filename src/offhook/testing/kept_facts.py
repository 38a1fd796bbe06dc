"""A recorder that keeps facts in a list."""

from typing import TypeVar

from offhook.call.facts import Fact

F = TypeVar("F", bound=Fact)


class KeptFacts:
    """Fills `interpreter.ports.Recorder`."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        """All facts, in order."""

    def emit(self, fact: Fact) -> None:
        """Keep a fact."""
        self.facts.append(fact)

    async def settle(self, fact: Fact) -> None:
        """Keep a fact."""
        self.facts.append(fact)

    def of(self, kind: type[F]) -> list[F]:
        """The facts of one kind."""
        return [fact for fact in self.facts if isinstance(fact, kind)]
