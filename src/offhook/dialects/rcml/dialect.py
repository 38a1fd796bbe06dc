"""RCML as a dialect: reading and writing for one installation."""

import re
from functools import lru_cache
from http import HTTPStatus

from offhook.call.errors import Asked
from offhook.call.exchange import Reply
from offhook.call.info import CallInfo, CallStatus
from offhook.dialects.rcml import write
from offhook.dialects.rcml.progress import progress_event, progress_parameters
from offhook.dialects.rcml.read import read
from offhook.dialects.rcml.values import Parameters
from offhook.interpreter.news import News
from offhook.interpreter.ports import Report, StatusChange
from offhook.verbs import Document, Outcome, Request, Target, Understood, Verb

REMEMBERED_DOCUMENTS, REMEMBERED_BYTES = 256, 4096
"""Most answers of a menu are the same for every caller; how many are remembered, and how long one may be."""


@lru_cache(maxsize=REMEMBERED_DOCUMENTS)
def _read_before(url: str, content_type: str | None, body: bytes) -> Document:
    """What `read` made of the same answer before: these three are all that a document depends on."""
    headers = (("Content-Type", content_type),) if content_type is not None else ()
    return read(Reply(url=url, status=HTTPStatus.OK, headers=headers, body=body))


class Rcml:
    """Fills `interpreter.ports.Dialect` for applications written for Restcomm."""

    def __init__(self, *, instance_id: str, public_url: str = "http://127.0.0.1:8080") -> None:
        """`instance_id` is this installation's own: 32 hex digits, part of every CallSid. `public_url` is what absolute
        URLs of this server begin with. Raises ValueError."""
        if not re.fullmatch("[0-9a-f]{32}", instance_id):
            raise ValueError(f"instance_id must be 32 lower-case hex digits, not {instance_id!r}")
        self._instance_id = instance_id
        self._public_url = public_url

    def read(self, reply: Reply) -> Document:
        """The document in an answer, defaults filled in. Raises DocumentInvalid."""
        if len(reply.body) > REMEMBERED_BYTES:
            return read(reply)
        return _read_before(reply.url, reply.header("content-type"), reply.body)

    def standard(self, info: CallInfo, status: CallStatus) -> Parameters:
        """The parameters that every request about a call carries."""
        return write.standard(self._instance_id, info, status)

    def report(self, verb: Verb, outcome: Outcome, info: CallInfo | None = None) -> Report:
        """What the application is told of an outcome, besides `standard`, and where the call goes on."""
        return write.report(self._instance_id, verb, outcome, self._public_url)

    def request(self, target: Target, parameters: Parameters, asked: Asked) -> Request:
        """The request that asks with these parameters: patient as the settings and the URL say, signed as all are."""
        return Request(target, parameters)

    def falls_back(self, asked: Asked | None) -> bool:
        """The fallback URL is there for whatever fails."""
        return True

    def partial(self, understood: Understood) -> Parameters:
        """The parameters that tell what is understood so far."""
        return write.partial(understood.text)

    def news(self, verb: Verb, news: News, info: CallInfo) -> Parameters:
        """Nothing: no verb of RCML names who hears of it."""
        return ()

    def failure(self, code: int, url: str) -> Parameters:
        """The parameters that tell a fallback URL what went wrong and where."""
        return write.failure(code, url)

    def status_callback(self, info: CallInfo, change: StatusChange) -> Parameters:
        """The parameters of a phone number's status callback; Restcomm tells of every state."""
        return write.status_callback(self._instance_id, info, change)

    def progress_callback(self, info: CallInfo, change: StatusChange) -> tuple[str, Parameters]:
        """The event that `change` is for the callbacks of a POST to Calls, and its parameters."""
        return progress_event(change.status), progress_parameters(
            self._instance_id, info, change, self._public_url
        )
