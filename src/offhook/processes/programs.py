"""Which program runs a call: what the called number says, or one of the built-in ones."""

from collections.abc import Callable
from dataclasses import replace

from offhook.call.info import CallInfo
from offhook.call.port import DialledCall
from offhook.call.resource_rows import CallingClient
from offhook.call.rows import NumberRow
from offhook.call.timeline import Timeline
from offhook.interpreter.confirming import Confirming
from offhook.interpreter.fixed import FixedProgram
from offhook.interpreter.noted_fetch import NotedFetch
from offhook.interpreter.outbound_leg import WantedLeg
from offhook.interpreter.ports import Fetch
from offhook.interpreter.program import Program, StatusCallback, WebhookProgram
from offhook.interpreter.screening import Screening
from offhook.processes.languages import Language, Languages
from offhook.rest.ports import NewCall
from offhook.verbs import Echo, Say, Target

ECHO, DEMO = "echo", "demo"

FetchOf = Callable[[str], Fetch]
"""By the account's sid."""


class Programs:
    """Chooses. `fetch_of` gives what asks the applications of an account; `demo` is the demonstration's address, and what
    asks there for an account. `retry_s` is how long a question may be asked again, in seconds.

    What a program asks of an application is noted on the call's `timeline`.
    """

    def __init__(
        self, *, languages: Languages, fetch_of: FetchOf, demo: tuple[Target, FetchOf] | None, retry_s: float
    ) -> None:
        self._languages = languages
        self._fetch_of = fetch_of
        self._demo = demo
        self._retry_s = retry_s

    async def prepare(self, info: CallInfo) -> None:
        """Learn what a call's program has to know of its account before it begins."""
        await self._languages.prepare(info)

    def of_number(self, number: NumberRow, info: CallInfo, timeline: Timeline) -> Program:
        """The application of a number; one without an application says so."""
        application = number.application
        if application is None:
            return FixedProgram(Say(text="This number has no application yet."))
        language = self._languages.of(info.language)
        told = language.told_by_number(number)
        return self._webhooks(language, info, timeline, application, number.fallback, told)

    def of_client(self, client: CallingClient, info: CallInfo, timeline: Timeline) -> Program:
        """The application of a client that calls; it must have one."""
        assert client.application is not None
        language = self._languages.of(info.language)
        return self._webhooks(language, info, timeline, client.application, client.fallback)

    def built_in(self, called: str, info: CallInfo, timeline: Timeline) -> Program | None:
        """What answers `echo` and `demo` where no number has these names."""
        if self._demo is None:
            return None
        if called == ECHO:
            return FixedProgram(Echo())
        if called == DEMO:
            target, fetch_of = self._demo
            return WebhookProgram(
                info=info,
                dialect=self._languages.of(None).dialect,
                fetch=NotedFetch(fetch_of(info.account_sid), timeline),
                first=target,
                retry_s=self._retry_s,
            )
        return None

    def of_leg(self, wanted: WantedLeg, leg: DialledCall) -> Program:
        """What a leg that a call dialled asks before it is connected, and whom it tells of its states."""
        info, destination = leg.info, wanted.destination
        screening, confirmation = destination.screening, wanted.confirmation
        language = self._languages.of(info.language)
        told = language.told_of_leg(destination)
        teller = FixedProgram(told=(info, told) if told is not None else None)
        first = screening or (confirmation.sound if confirmation is not None else None)

        def of_answered() -> Program:
            assert first is not None
            answered = replace(info, sip_call_id=leg.sip_call_id, sip_headers=leg.answer_headers)
            return self._webhooks(language, answered, leg.timeline, first)

        if screening is not None:
            return Screening(of_answered, teller)
        if confirmation is not None:
            return Confirming(confirmation, of_answered, teller)
        return teller

    def of_application(
        self,
        application: Target,
        info: CallInfo,
        timeline: Timeline,
        *,
        fallback: Target | None = None,
        status_target: Target | None = None,
        language: str | None = None,
    ) -> Program:
        """An application that a running call is taken to, in its own language or that of the call; `status_target` is
        told the states from then on."""
        spoken = self._languages.of(language or info.language)
        told = spoken.told(status_target) if status_target is not None else None
        return self._webhooks(spoken, info, timeline, application, fallback, told, is_transfer=True)

    def of_new_call(self, asked: NewCall, info: CallInfo, timeline: Timeline) -> Program:
        """The application of a call that a customer wants made."""
        language = self._languages.of(asked.language)
        told = language.told_of_new_call(asked)
        return self._webhooks(language, info, timeline, asked.application, asked.fallback, told)

    def _webhooks(
        self,
        language: Language,
        info: CallInfo,
        timeline: Timeline,
        first: Target,
        fallback: Target | None = None,
        told: StatusCallback | None = None,
        *,
        is_transfer: bool = False,
    ) -> Program:
        return WebhookProgram(
            info=info,
            dialect=language.dialect,
            fetch=NotedFetch(self._fetch_of(info.account_sid), timeline),
            first=first,
            fallback=fallback,
            retry_s=self._retry_s,
            is_transfer=is_transfer,
            status_callback=told,
        )
