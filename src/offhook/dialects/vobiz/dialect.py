"""Vobiz XML as a dialect: reading and writing for one installation."""

from collections.abc import Callable
from dataclasses import replace
from functools import lru_cache
from http import HTTPStatus

from offhook.call.errors import Asked
from offhook.call.exchange import Reply
from offhook.call.info import CallInfo, CallStatus
from offhook.dialects.vobiz import retry_fragment, write
from offhook.dialects.vobiz.habits import UNLESS_CHOSEN, Habits
from offhook.dialects.vobiz.news import news_parameters
from offhook.dialects.vobiz.read import read
from offhook.dialects.vobiz.standard import standard
from offhook.dialects.vobiz.values import Parameters
from offhook.dialects.vobiz.vocabulary import VOBIZ_XML
from offhook.interpreter.news import News
from offhook.interpreter.ports import Report
from offhook.verbs import Document, Outcome, Request, Target, Understood, Verb

_EVENTS = {
    Asked.FIRST: "StartApp",
    Asked.FALLBACK: "StartApp",
    Asked.TRANSFER: "Transfer",
    Asked.DIAL_SOUND: "DialRemoteSounds",
}
"""What is told with a question that no verb asks."""


REMEMBERED_DOCUMENTS, REMEMBERED_BYTES = 256, 4096
"""Most answers of a menu are the same for every caller; how many are remembered, and how long one may be."""


@lru_cache(maxsize=REMEMBERED_DOCUMENTS)
def _read_before(url: str, content_type: str | None, body: bytes) -> Document:
    """What `read` made of the same answer before: these three are all that a document depends on."""
    headers = (("Content-Type", content_type),) if content_type is not None else ()
    return read(Reply(url=url, status=HTTPStatus.OK, headers=headers, body=body))


def _itself(account_sid: str) -> str:
    return account_sid


class Vobiz:
    """Fills `interpreter.ports.Dialect` for applications written for Vobiz, or for Plivo."""

    def __init__(
        self,
        *,
        public_url: str = "http://127.0.0.1:8080",
        parent_auth_id: Callable[[str], str] = _itself,
        habits: Habits = UNLESS_CHOSEN,
    ) -> None:
        """`public_url` is what absolute URLs of this server begin with. `parent_auth_id` gives what an account's owner
        signs in with, by the account's sid."""
        self._public_url = public_url
        self._parent_auth_id = parent_auth_id
        self.habits = habits
        """What this installation chose."""

    def read(self, reply: Reply) -> Document:
        """The document in an answer, defaults filled in. Raises DocumentInvalid."""
        if len(reply.body) > REMEMBERED_BYTES:
            return read(reply)
        return _read_before(reply.url, reply.header("content-type"), reply.body)

    def standard(self, info: CallInfo, status: CallStatus) -> Parameters:
        """The parameters that every request about a call carries."""
        return standard(info, status, has_plus=self.habits.has_plus, parent_auth_id=self._parent_auth_id)

    def report(self, verb: Verb, outcome: Outcome, info: CallInfo) -> Report:
        """What the application is told of an outcome, besides `standard`, and where the call goes on."""
        return write.report(verb, outcome, info, self._public_url, self.habits.no_input)

    def request(self, target: Target, parameters: Parameters, asked: Asked) -> Request:
        """The request that asks for `asked`: as patient as the fragment of its URL says, and signed."""
        event = _EVENTS.get(asked)
        told = parameters if event is None else (*parameters, ("Event", event))
        policy = replace(retry_fragment.policy_of(target.url, asked), most_bytes=VOBIZ_XML.most_bytes)
        return Request(target, told, policy=policy, signature=self.habits.signature)

    def falls_back(self, asked: Asked | None) -> bool:
        """The fallback URL takes the place of an answer URL alone."""
        return asked is Asked.FIRST

    def partial(self, understood: Understood) -> Parameters:
        """The parameters that tell what is understood so far."""
        return write.partial(understood)

    def news(self, verb: Verb, news: News, info: CallInfo) -> Parameters:
        """The parameters that tell what happens while a verb runs."""
        return news_parameters(verb, news, info, self._public_url, has_plus=self.habits.has_plus)

    def failure(self, code: int, url: str) -> Parameters:
        """Nothing: the fallback URL is asked as the answer URL was."""
        return ()
