"""A sender of partial results that keeps them in a list."""

from offhook.verbs import Request


class KeptPartials:
    """Fills `interpreter.ports.Partials`."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        """All requests, in order."""

    def send(self, request: Request) -> None:
        """Keep a request."""
        self.requests.append(request)
