"""An example's real web application, asked by calls that follow scripts."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import anyio
import httpx2
from fastapi import FastAPI

from offhook.call.errors import FetchFailed
from offhook.call.exchange import Exchange, Reply
from offhook.testing import WebhookStub
from offhook.verbs import Method, Request

EXAMPLES = Path(__file__).parents[2] / "examples"
FORM = "application/x-www-form-urlencoded"


class Example(WebhookStub):
    """Answers as the example of that name does, in memory.

    It is asked in a thread of its own while the calls' clock stands still: an application knows nothing of that clock.
    """

    def __init__(self, name: str) -> None:
        super().__init__({})
        path = EXAMPLES / name / "app.py"
        spec = importlib.util.spec_from_file_location(f"example_{name}", path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        self._app: FastAPI = module.app

    async def fetch(self, request: Request, headers: tuple[tuple[str, str], ...] = ()) -> Reply:
        """Ask the application. Raises FetchFailed for an error status."""
        self.requests.append(request)
        reply = self.ask(request.target.method, request.target.url, dict(request.parameters))
        if reply.status >= 300:
            why = f"{request.target.url} answered {reply.status}: {reply.body!r}"
            raise FetchFailed(11200, why, Exchange(request, reply), status=reply.status)
        return reply

    def ask(self, method: Method, url: str, form: dict[str, str]) -> Reply:
        """One request to the application, in real time."""
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(anyio.run, self._ask, method, url, form).result()

    async def _ask(self, method: Method, url: str, form: dict[str, str]) -> Reply:
        transport = httpx2.ASGITransport(app=self._app)
        async with httpx2.AsyncClient(transport=transport) as client:
            answer = await client.request(
                method.value,
                url,
                content=urlencode(form) if method is Method.POST else None,
                headers={"content-type": FORM},
            )
        return Reply(
            url=url,
            status=answer.status_code,
            headers=tuple(answer.headers.items()),
            body=answer.content,
        )

    @property
    def asked(self) -> list[str]:
        """The paths that were asked for, in order."""
        return [urlsplit(request.target.url).path for request in self.requests]
