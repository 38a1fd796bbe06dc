"""The run loop: the whole life of a call, from its first document to its last fact.

One coroutine a call. It fetches a document, runs its verbs one after another, reports each outcome, and goes
on with what the program answers. Whatever happens, the last fact is a `CallFinished`, and it is written
before the coroutine ends.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TypeVar

import structlog

from offhook.call.discretion import HIDDEN
from offhook.call.ending import EndCause, EndedBy, Ending
from offhook.call.errors import (
    Asked,
    CallEnded,
    CustomerError,
    FetchFailed,
    NoticeFailed,
    OffhookError,
    ProviderError,
)
from offhook.call.facts import CallFinished, CallProgressed, CallStarted
from offhook.call.info import CallStatus
from offhook.call.port import Call, DialledCall
from offhook.call.states import may_follow
from offhook.interpreter.acts import Acts
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.discreet import DiscreetRecorder, hides_keys
from offhook.interpreter.diversion import Diversion, Diverted
from offhook.interpreter.document_pace import DocumentLoop, DocumentPace
from offhook.interpreter.filler import Filler
from offhook.interpreter.holding import Holding
from offhook.interpreter.lifetime import Lifetime, Outlived
from offhook.interpreter.news import News
from offhook.interpreter.notices import Notices
from offhook.interpreter.outbound_leg import LegOver, OutboundLeg, WantedLeg
from offhook.interpreter.ports import CallEnd, Partials, StatusChange, Tools
from offhook.interpreter.program import Program
from offhook.interpreter.repeat import play_once
from offhook.interpreter.runners import run_verb
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import ANSWER_S, WITHOUT_AUDIO, StallWatch, VerbStalled
from offhook.interpreter.status import final_status, over_after
from offhook.interpreter.timeline_keeping import TimelineKeeping
from offhook.interpreter.to_the_end import to_the_end
from offhook.interpreter.whole_call_tape import WholeCallTape
from offhook.verbs import Document, Gathered, Outcome, Redirect, Target, Understood, Verb

log = structlog.get_logger()

NOT_FOUND, SERVER_ERROR, DECLINE, NO_ANSWER, UNAVAILABLE = 404, 500, 603, 408, 480
DRAINED = "drained: the server was stopped"

T = TypeVar("T")


async def run_inbound(
    call: Call, program: Program, tools: Tools, partials: Partials, control: Control | None = None
) -> None:
    """Live through a call that rings here. `control` is what others may do to it."""
    life = Life(call, program, tools, partials, control)
    life.begin(CallStatus.RINGING)
    with tools.tracer.call(call.info):
        await life.live(life.follow)


async def run_outbound(
    call: DialledCall,
    program: Program,
    tools: Tools,
    partials: Partials,
    *,
    ring_timeout_s: float,
    on_placed: Callable[[], None],
    control: Control | None = None,
    before: tuple[Verb, ...] = (),
) -> None:
    """Live through a call that was dialled from here; nobody answering within `ring_timeout_s` ends it.

    `on_placed` is called once the call can be looked up. `control` is what others may do to it. `before` is run once
    somebody has answered, before the first document is asked for.
    """
    life = Life(call, program, tools, partials, control)

    async def connect_and_follow() -> None:
        await life.begin_settled(CallStatus.QUEUED)
        on_placed()
        if await life.connect(call, ring_timeout_s):
            await life.follow(before)

    with tools.tracer.call(call.info):
        await life.live(connect_and_follow)


async def run_leg(
    leg: OutboundLeg,
    program: Program,
    tools: Tools,
    partials: Partials,
    *,
    wanted: WantedLeg,
    control: Control,
) -> None:
    """Live through a leg that another call dialled: until it is let go, ends, or is taken to a program of its own.

    `program` screens who answers, where the destination wants that.
    """
    life = Life(leg.call, program, tools, partials, control)

    async def connect_and_attend() -> None:
        life.begin(CallStatus.QUEUED)
        if await life.connect(leg.call, wanted.ring_timeout_s):
            leg.answered.set()
            await life.attend(leg, wanted.gate_s)

    try:
        with tools.tracer.call(leg.call.info):
            await life.live(connect_and_attend)
    finally:
        leg.tell_over(life.over())


class Life:
    """One call while it lives: its status, its times, and the document it runs."""

    def __init__(
        self,
        call: Call,
        program: Program,
        tools: Tools,
        partials: Partials,
        control: Control | None = None,
    ) -> None:
        self._call = call
        self._program = program
        self._teller = program
        """Says what is told of the call's states."""
        self._control = control or Control()
        self._diversion = Diversion()
        self._is_canceled = False
        self._is_ending = False  # Whether the call goes on to its end, whatever anybody wants of it.
        self._discretion = call.timeline.discretion
        tools = replace(tools, recorder=DiscreetRecorder(tools.recorder, self._discretion))
        self._tools = tools
        self._partials = partials
        self._filler = Filler(call, tools)
        self._notices = Notices(call.info, tools)
        self._holding = Holding(call, tools.prompts, self._notices)
        self._watch = StallWatch()
        self._scene = Scene(
            call=call,
            tools=tools,
            control=self._control,
            notices=self._notices,
            holding=self._holding,
            filler=self._filler,
            watch=self._watch,
            about=lambda is_over: self._program.about(CallStatus.COMPLETED if is_over else self._status),
            tell_partial=self._tell_partial,
            tell_news=self._tell_news,
            ask=self._ask_aside,
        )
        self._acts = Acts(self._scene)
        self._status = CallStatus.QUEUED
        self._loop = asyncio.get_running_loop()
        self._began_at = self._loop.time()
        self._lifetime = Lifetime(tools.bounds)
        self._pace = DocumentPace(self._began_at)
        self._answered_at: float | None = None
        self._ending = Ending(EndCause.HERE)
        self._ended_by: EndedBy | None = None
        self._error: OffhookError | None = None
        self._reason = ""
        self._last: Outcome | None = None
        self._duration_s = self._ring_duration_s = 0.0
        self._errands: asyncio.TaskGroup | None = None
        self._timeline = TimelineKeeping(call, tools)
        self._whole_call_tape = WholeCallTape(self._scene)

    def begin(self, status: CallStatus) -> None:
        """The first fact of a call that rings here."""
        self._tools.recorder.emit(self._started(status))
        self._lifetime.rings(self._began_at)

    async def begin_settled(self, status: CallStatus) -> None:
        """The first fact, written when this returns."""
        await self._tools.recorder.settle(self._started(status))

    async def live(self, course: Callable[[], Awaitable[None]]) -> None:
        """Follow `course` to the call's end; requests still under way when it ends are let finish."""
        async with asyncio.TaskGroup() as errands:
            self._errands = errands
            self._control.attach(self)
            try:
                async with self._lifetime.bounded():
                    await self._to_its_end(course)
                await self._end_call()
            except CallEnded as ended:
                self._ending = ended.ending
                if self._ending.cause is EndCause.HERE:
                    self._ended_by = self._ended_by or EndedBy.VERB
            except Outlived as late:
                self._reason, self._ended_by = str(late), EndedBy.TIME_LIMIT
                await self._end_late()
            except OffhookError as error:
                self._reason, self._error = str(error), error
                is_theirs = isinstance(error, CustomerError)
                self._ended_by = EndedBy.APPLICATION if is_theirs else EndedBy.FAULT
                await self._give_up(error)
            except asyncio.CancelledError:
                self._reason, self._ended_by = DRAINED, EndedBy.DRAINED
                await self._call.hang_up()
                raise
            except Exception as error:
                log.exception("call.broke")
                self._reason, self._ended_by = f"internal error: {type(error).__name__}", EndedBy.FAULT
                self._notices.own_fault("An internal error of the voice server ended the call.")
                await self._give_up(error)
            finally:
                self._control.close()
                await to_the_end(self._close())

    # -- what others may do to the call: `control.Controlled` --------------------------------------------

    @property
    def call(self) -> Call:
        """The call itself."""
        return self._call

    def divert(self, program: Program, *, keeps_callbacks: bool) -> None:
        """Leave the document that runs, and begin `program`. Raises CallOver for a call that goes on to its end."""
        if self._is_ending:
            raise CallOver("the call is ending")
        self._diversion.to(program, keeps_callbacks=keeps_callbacks)

    def finish(self, reason: str, by: EndedBy) -> None:
        """End the call; one that nobody answered is canceled."""
        assert self._errands is not None
        if not self._is_ending:  # else it has its status and reason already
            self._is_canceled, self._is_ending = True, True
            self._reason, self._ended_by = reason, by
        self._errands.create_task(self._call.hang_up())

    async def act(self, verb: Verb, record_id: str | None = None) -> Outcome:
        """Run `verb` beside the document; returns its outcome. Raises what runners raise, CallEnded among it,
        and CallOver where it could not even begin."""
        if self._is_ending:
            raise CallOver("the call is ending")
        return await self._acts.run(verb, record_id)

    async def _to_its_end(self, course: Callable[[], Awaitable[None]]) -> None:
        try:
            await course()
        finally:
            self._is_ending = True

    # -- its course --------------------------------------------------------------------------------------

    async def connect(self, call: DialledCall, ring_timeout_s: float) -> bool:
        """Wait for the far end to answer; False when it did not in time."""
        with self._answered_if_hung_up():
            async with call.alive():
                try:
                    async with asyncio.timeout(ring_timeout_s):
                        await call.rung()
                        self._progress(CallStatus.RINGING)
                        await call.connected()
                except TimeoutError:
                    self._ending = Ending(EndCause.HERE, NO_ANSWER, f"no answer within {ring_timeout_s:g} s")
                    self._ended_by = EndedBy.RING_TIMEOUT
        if self._ending.sip_status == NO_ANSWER:
            await call.hang_up()
            return False
        self._answered()
        return True

    async def attend(self, leg: OutboundLeg, gate_s: float | None) -> None:
        """Be at the disposal of who dialled this leg, until they let go or another program takes over. Whoever answered
        may take `gate_s` to accept; None accepts by itself."""
        try:
            async with self._diversion.possible():
                if gate_s is not None:
                    async with asyncio.timeout(gate_s):
                        await self._screened()
                leg.accepted.set()
                async with self._call.alive():
                    await leg.is_let_go.wait()
                self._ended_by = leg.let_go_by
            return
        except TimeoutError:
            self._reason = f"nobody took the call within {gate_s:g} s of its screening"
            self._ended_by = EndedBy.DECLINED
            return
        except Diverted as diverted:
            await self._take_over(diverted)
        leg.is_taken.set()
        # Who dialled it takes it out of the room first; nobody may hear two programs at once.
        async with self._call.alive():
            if leg.is_connected:
                await leg.is_let_go.wait()
        await self.follow()

    async def _screened(self) -> None:
        """Returns once whoever answered has accepted; a document that hangs up declines."""
        try:
            await self._documents()
        except CallEnded as ended:
            if ended.ending.cause is EndCause.HERE:
                self._ended_by = self._ended_by or EndedBy.DECLINED
            raise

    async def follow(self, before: tuple[Verb, ...] = ()) -> None:
        """Run `before`, then document after document until one ends without another, and whatever program the call is
        taken to."""
        while True:
            try:
                async with self._diversion.possible():
                    await self._documents(before)
                return
            except Diverted as diverted:
                before = ()
                await self._take_over(diverted)

    async def _take_over(self, diverted: Diverted) -> None:
        await self._holding.silence()
        self._program.caller_left()
        self._program = diverted.program
        if not diverted.keeps_callbacks:
            self._teller = diverted.program
        self._filler.turn_over()
        self._pace.input()

    async def _documents(self, before: tuple[Verb, ...] = ()) -> None:
        await self._run(Document(before))
        document = await self._recovered(lambda: self._ask(self._program.first(self._status)))
        while document is not None:
            await self._wait_for_turn()
            current = document
            document = await self._recovered(lambda: self._run(current))  # noqa: B023 (awaited at once)

    def _started(self, status: CallStatus) -> CallStarted:
        self._status = status
        self._call.timeline.note("status", status=status.value)
        at = self._tools.wall_clock()
        lost = self._teller.callbacks(StatusChange(status=CallStatus.FAILED, at=at))
        return CallStarted(
            info=self._call.info,
            at=at,
            status=status,
            callbacks=self._teller.callbacks(StatusChange(status=status, at=at)),
            if_lost=lost[-1] if lost else None,
        )

    async def _run(self, document: Document) -> Document | None:
        for problem in document.problems:
            self._notices.warning(problem.code, problem.message)
        for number, verb in enumerate(document.verbs, 1):
            self._discretion.hides_keys = hides_keys(
                verb, document.verbs[number:], hid_before=self._discretion.hides_keys
            )
            outcome = self._last = await self._outcome(verb, before_answer=number <= document.before_answer)
            if not isinstance(verb, Redirect):
                self._filler.turn_over()
            status = CallStatus.COMPLETED if outcome.call_is_over else self._status
            following = await self._following(verb, outcome, status)
            if following is not None:
                return following
        return None

    async def _following(self, verb: Verb, outcome: Outcome, status: CallStatus) -> Document | None:
        """The document that an outcome leads to; None for the next verb. Raises CustomerError."""
        try:
            return await self._ask(self._program.after(verb, outcome, status))
        except NoticeFailed as untold:
            self._notices.fault(untold.error)
            return None

    async def _wait_for_turn(self) -> None:
        """Hold an application back that answers with document after document. Raises DocumentLoop."""
        try:
            wait_s = self._pace.document(self._loop.time())
        except DocumentLoop as going_in_circles:
            self._notices.fault(going_in_circles)
            raise
        if wait_s:
            async with self._call.alive(), self._filler.waiting():
                await asyncio.sleep(wait_s)

    async def _outcome(self, verb: Verb, *, before_answer: bool) -> Outcome:
        """Run a verb, under watch. Raises VerbStalled, and what runners raise."""
        try:
            async with self._watch.over(type(verb).__name__):
                is_due = verb.needs_answer or self._call.is_answered  # and may be held from the first
                if is_due and not (before_answer and await self._heard_early()):
                    await self._answer()
                began_at = self._loop.time()
                with self._tools.tracer.verb(verb):
                    outcome = await run_verb(verb, self._scene)
        except VerbStalled as stalled:
            log.error("verb.stalled", reason=self._discretion.hide(str(stalled)))
            self._notices.own_fault(str(stalled))
            raise
        self._pace.lived(self._loop.time() - began_at)
        if isinstance(outcome, Gathered) and not outcome.is_empty:
            self._pace.input()
        return outcome

    async def _recovered(self, step: Callable[[], Awaitable[Document | None]]) -> Document | None:
        try:
            return await step()
        except (CustomerError, ProviderError) as error:
            self._notices.fault(error)
            try:
                return await self._ask(self._program.recover(error, self._status))
            except CustomerError as again:
                if again is not error:
                    self._notices.fault(again)
                raise

    async def _ask(self, question: Coroutine[None, None, T]) -> T:
        """Ask the program. A caller who hangs up meanwhile ends the call, not the request: the application
        is told what was said to the end."""

        async def answer() -> T | OffhookError:
            try:
                return await question
            except OffhookError as error:
                return error

        assert self._errands is not None
        asking = self._errands.create_task(answer())
        async with self._call.alive(), self._filler.waiting():
            answered = await asyncio.shield(asking)
        if isinstance(answered, OffhookError):
            raise answered
        return answered

    async def _heard_early(self) -> bool:
        """Whether a caller who rings can hear us, once they can; never where the call is answered already."""
        if self._call.is_answered:
            return False
        async with self._call.alive():
            return await self._call.progress()

    async def _answer(self) -> None:
        if not self._call.is_answered:
            with self._watch.within(ANSWER_S, WITHOUT_AUDIO), self._answered_if_hung_up():
                async with self._call.alive():
                    await self._call.answer()
            self._answered()
        async with self._call.alive():  # a far end that holds it from the first may do so for long
            await self._filler.audible()

    @contextmanager
    def _answered_if_hung_up(self) -> Iterator[None]:
        """A block in which the call is answered. A far end that hangs up right then, before audio could flow, was
        answered all the same: it did not give up, it said goodbye."""
        try:
            yield
        except CallEnded as ended:
            if ended.ending.cause is EndCause.FAR_END:
                self._answered()
            raise

    def _answered(self) -> None:
        self._answered_at = self._loop.time()
        self._lifetime.talks(self._answered_at)
        self._filler.turn_over()
        assert self._errands is not None
        self._whole_call_tape.begin(self._errands)
        self._progress(CallStatus.IN_PROGRESS)

    def _progress(self, status: CallStatus) -> None:
        if not may_follow(self._status, status):
            return
        self._status = status
        self._call.timeline.note("status", status=status.value)
        info, at = self._call.info, self._tools.wall_clock()
        self._tools.recorder.emit(
            CallProgressed(
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=at,
                status=status,
                callbacks=self._teller.callbacks(StatusChange(status=status, at=at)),
            )
        )

    async def _end_call(self) -> None:
        """The documents are over: hang up, or refuse a call that no document answered."""
        self._ended_by = self._ended_by or over_after(self._last)
        if self._call.is_answered or self._ending.sip_status is not None:
            await self._call.hang_up()
            return
        self._ending = Ending(EndCause.HERE, DECLINE, "no verb answered the call")
        self._reason = self._ending.reason
        await self._call.reject(DECLINE)

    async def _end_late(self) -> None:
        """The call's time is up."""
        if self._call.is_answered:
            await self._call.hang_up()
            return
        self._ending = Ending(EndCause.HERE, UNAVAILABLE)
        await self._call.reject(UNAVAILABLE)

    async def _give_up(self, error: Exception) -> None:
        """Nothing more can be asked: tell the caller as well as the call allows, and end it."""
        if not self._call.is_answered:
            not_found = isinstance(error, FetchFailed) and error.status == NOT_FOUND
            self._ending = Ending(EndCause.HERE, NOT_FOUND if not_found else SERVER_ERROR)
            await self._call.reject(NOT_FOUND if not_found else SERVER_ERROR)
            return
        try:
            async with self._call.alive():
                await self._apologise()
        except CallEnded as ended:
            self._ending = ended.ending
        except VerbStalled as stalled:
            log.error("verb.stalled", reason=self._discretion.hide(str(stalled)))
        await self._call.hang_up()

    async def _apologise(self) -> None:
        try:
            async with self._watch.over("apology"), self._scene.ready(self._tools.apology) as audio:
                await play_once(audio, self._call, self._watch)
        except VerbStalled:
            raise
        except OffhookError:
            async with self._watch.over("apology"):
                await play_once(self._tools.apology_tone, self._call, self._watch)

    async def _close(self) -> None:
        """Let go of all that runs beside the call, and tell its last fact."""
        await self._acts.end()
        await self._holding.silence()
        await self._finish()

    async def _finish(self) -> None:
        """The last fact, written before anybody may forget the call."""
        self._program.caller_left()
        now = self._loop.time()
        recording = await self._whole_call_tape.finish()
        answered = self._answered_at is not None
        says_why = not answered or self._ending.cause is EndCause.BROKEN
        self._status = final_status(was_answered=answered, ending=self._ending, is_canceled=self._is_canceled)
        info, at = self._call.info, self._tools.wall_clock()
        duration_s = now - self._answered_at if self._answered_at is not None else 0.0
        self._duration_s, self._ring_duration_s = duration_s, (self._answered_at or now) - self._began_at
        reason = self._reason or (self._ending.reason if says_why else "")
        end = CallEnd(ending=self._ending, by=self._ended_by, reason=reason, error=self._error)
        change = StatusChange(status=self._status, at=at, duration_s=duration_s, recording=recording, end=end)
        self._timeline.end(self._ending, self._status, reason)
        await self._tools.recorder.settle(
            CallFinished(
                call_id=info.call_id,
                account_sid=info.account_sid,
                at=at,
                status=self._status,
                reason=reason,
                sip_status=self._ending.sip_status,
                duration_s=duration_s,
                ring_duration_s=self._ring_duration_s,
                ended=end.how,
                callbacks=self._teller.callbacks(change),
            )
        )

    def over(self) -> LegOver:
        """How the call ended, once it has."""
        return LegOver(
            ending=self._ending,
            status=self._status,
            duration_s=self._duration_s,
            ring_duration_s=self._ring_duration_s,
            end=CallEnd(ending=self._ending, by=self._ended_by, reason=self._reason, error=self._error),
        )

    def _tell_news(self, target: Target, verb: Verb, news: News, is_over: bool) -> None:
        status = CallStatus.COMPLETED if is_over else self._status
        self._notices.news(self._program.news(target, verb, news, status))

    async def _ask_aside(
        self, target: Target, parameters: tuple[tuple[str, str], ...], asked: Asked
    ) -> Document:
        document = await self._program.aside(target, parameters, self._status, asked)
        for problem in document.problems:
            # Who waits hears the same document again and again; it is told once what is wrong with it.
            self._notices.warning_once(problem.code, f"{target.url} {problem.message}", problem.message)
        return document

    def _tell_partial(self, target: Target, understood: Understood) -> None:
        self._call.timeline.note("partial", text=HIDDEN if self._discretion.hides_keys else understood.text)
        self._partials.send(self._program.partial(target, understood, self._status))
