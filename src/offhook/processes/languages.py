"""The languages that applications are written in: the only place where their names mean something.

A row names the language of an application (`applications.language`); a call keeps that name (`CallInfo.language`). Here it
becomes a dialect, and what is told of the states of a call. None is the language of the installation.
"""

from collections.abc import Mapping
from typing import Protocol

import structlog

from offhook.call.info import CallInfo
from offhook.call.messages import MessageRow
from offhook.call.rows import CallRow, NumberRow
from offhook.call.transcribing import TranscriptionTask
from offhook.call.voice_rows import TranscriptionRow
from offhook.dialects.rcml.callbacks import ProgressCallback, StateCallback
from offhook.dialects.rcml.dialect import Rcml
from offhook.dialects.rcml.lost import lost_callback as rcml_lost_callback
from offhook.dialects.rcml.messages_told import status_request as rcml_message_request
from offhook.dialects.rcml.recorded import transcription_request as rcml_transcription_request
from offhook.dialects.vobiz.callbacks import CallTold
from offhook.dialects.vobiz.dialect import Vobiz
from offhook.dialects.vobiz.habits import Habits, NoInput
from offhook.dialects.vobiz.lost import lost_callback as vobiz_lost_callback
from offhook.dialects.vobiz.messages_told import message_request as vobiz_message_request
from offhook.dialects.vobiz.stream import LANGUAGE as VOBIZ_STREAMS
from offhook.dialects.vobiz.stream_talk import VobizStreams
from offhook.dialects.vobiz.transcribed import transcription_request as vobiz_transcription_request
from offhook.interpreter.ports import Dialect
from offhook.interpreter.program import StatusCallback
from offhook.interpreter.stream_ports import StreamLanguage
from offhook.language_settings import LanguageSettings
from offhook.processes.auth_ids import AuthIds
from offhook.rest.ports import NewCall
from offhook.verbs import Destination, Request, Target

RCML, VOBIZ = "rcml", "vobiz"

log = structlog.get_logger()


class Language(Protocol):
    """What an application of one language is asked and told with."""

    @property
    def dialect(self) -> Dialect:
        """How its documents are read, and outcomes written."""

    def told_by_number(self, number: NumberRow) -> StatusCallback | None:
        """What is told of the states of a call to this number."""

    def told_of_new_call(self, asked: NewCall) -> StatusCallback | None:
        """What is told of the states of a call that a customer wants made."""

    def told_of_leg(self, destination: Destination) -> StatusCallback | None:
        """What is told of the states of a leg that a call dialled."""

    def told(self, target: Target) -> StatusCallback:
        """What `target` is told of the states of a running call from now on."""


class RcmlLanguage:
    """Fills `Language` for RCML."""

    def __init__(self, dialect: Rcml) -> None:
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect:
        """The dialect of this installation."""
        return self._dialect

    def told_by_number(self, number: NumberRow) -> StatusCallback | None:
        """Every state."""
        return self.told(number.status_target) if number.status_target is not None else None

    def told_of_new_call(self, asked: NewCall) -> StatusCallback | None:
        """The events that were asked for."""
        target = asked.status_callback
        events = frozenset(event.value for event in asked.status_events)
        return ProgressCallback(self._dialect, target, events) if target is not None else None

    def told_of_leg(self, destination: Destination) -> StatusCallback | None:
        """The events that the destination names."""
        target = destination.status_target
        if target is None:
            return None
        return ProgressCallback(self._dialect, target, destination.status_events)

    def told(self, target: Target) -> StatusCallback:
        """Every state."""
        return StateCallback(self._dialect, target)


class VobizLanguage:
    """Fills `Language` for Vobiz XML."""

    def __init__(self, dialect: Vobiz) -> None:
        self._dialect = dialect

    @property
    def dialect(self) -> Dialect:
        """The dialect of this installation."""
        return self._dialect

    def told_by_number(self, number: NumberRow) -> StatusCallback | None:
        """The end; the answer URL is told where no other is there for it."""
        return self._told(number.status_target or number.application)

    def told_of_new_call(self, asked: NewCall) -> StatusCallback | None:
        """The ringing where that is wanted, and the end."""
        return self._told(asked.status_callback or asked.application, asked.ring)

    def told_of_leg(self, destination: Destination) -> StatusCallback | None:
        """Nothing: the callback of the Dial is told."""
        return None

    def told(self, target: Target) -> StatusCallback:
        """The end."""
        return self._told(target)

    def _told(self, hangup: Target | None, ring: Target | None = None) -> CallTold:
        return CallTold(self._dialect, hangup=hangup, ring=ring, signature=self._dialect.habits.signature)


class Languages:
    """All there are."""

    def __init__(
        self,
        *,
        instance_id: str,
        public_url: str,
        auth_ids: AuthIds | None = None,
        settings: LanguageSettings | None = None,
    ) -> None:
        """`public_url` is what absolute URLs of this server begin with. `auth_ids` knows the accounts' owners; without it
        accounts are told by their sids. `settings` are the operator's, without which all is as it is unless set."""
        habits = _habits(settings) if settings is not None else Habits()
        self._auth_ids = auth_ids
        of, of_owner = (auth_ids.of, auth_ids.of_owner) if auth_ids is not None else (str, str)
        self._of_installation = RcmlLanguage(Rcml(instance_id=instance_id, public_url=public_url))
        self._by_name: dict[str, Language] = {
            RCML: self._of_installation,
            VOBIZ: VobizLanguage(Vobiz(public_url=public_url, parent_auth_id=of_owner, habits=habits)),
        }

        streams = VobizStreams(auth_id=of, signature=habits.signature)
        self.of_streams: Mapping[str, StreamLanguage] = {VOBIZ_STREAMS: streams}
        """What is spoken on streams, by the names that their verbs give."""

    def of(self, name: str | None) -> Language:
        """The language of that name, or that of the installation."""
        if name is None:
            return self._of_installation
        language = self._by_name.get(name)
        if language is None:
            # A row of a newer version, say. Its application is asked all the same, and its documents say what they are.
            log.error("language.unknown", language=name)
            return self._of_installation
        return language

    async def prepare(self, info: CallInfo) -> None:
        """Learn what the language of a call has to know before it begins."""
        if info.language == VOBIZ and self._auth_ids is not None:
            await self._auth_ids.learn(info.account_sid)


def lost_callback(call: CallRow) -> Request | None:
    """What is told of a call that was closed on a dead worker's behalf, in its language; None where nothing is."""
    return vobiz_lost_callback(call) if call.language == VOBIZ else rcml_lost_callback(call)


def transcription_request(
    task: TranscriptionTask,
    row: TranscriptionRow,
    public_url: str,
    settings: LanguageSettings | None = None,
) -> Request | None:
    """What is told of the words of a recording, in the language of its call; None where nobody wants to know."""
    if task.application_language != VOBIZ:
        return rcml_transcription_request(task, row, public_url)
    habits = _habits(settings) if settings is not None else Habits()
    return vobiz_transcription_request(task, row, public_url, habits.signature)


def message_request(message: MessageRow, settings: LanguageSettings | None = None) -> Request | None:
    """What is told of a message's state, in the language of the call that sent it; None where nobody wants to know."""
    if message.application_language != VOBIZ:
        return rcml_message_request(message)
    habits = _habits(settings) if settings is not None else Habits()
    return vobiz_message_request(message, signature=habits.signature, has_plus=habits.has_plus)


def _habits(settings: LanguageSettings) -> Habits:
    return Habits(
        signature=settings.vobiz_signature,
        no_input=NoInput(settings.vobiz_no_input),
        has_plus=settings.vobiz_plus,
    )
