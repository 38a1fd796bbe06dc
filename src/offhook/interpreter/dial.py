"""Runs Dial: everybody is called at once, and whoever is there first talks with the caller."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from offhook.call.ending import EndedBy
from offhook.call.errors import Asked, CallEnded
from offhook.call.port import Call
from offhook.interpreter.dial_tape import connection_taped
from offhook.interpreter.early_media import Ringing
from offhook.interpreter.fork import OK, Fork, Miss, miss_of
from offhook.interpreter.key_relay import keys_relayed
from offhook.interpreter.keys_to_legs import KeysToLegs
from offhook.interpreter.leg_telling import LegTelling
from offhook.interpreter.outbound_leg import CONFIRM_SOUND_S, OutboundLeg
from offhook.interpreter.room_seat import RoomSeat
from offhook.interpreter.scene import Scene
from offhook.interpreter.stall import MARGIN_S
from offhook.interpreter.taping import Tape
from offhook.interpreter.waiting_sound import WaitingSound
from offhook.verbs import Dial, DialEnd, Dialled

OVER_S = 2.0
"""How long a leg that was let go may take to be over; what its end tells is reported, but not waited for in vain."""


async def dial(verb: Dial, scene: Scene) -> Dialled:
    """Connect the caller with whoever of the destinations is there first, until either side leaves.

    Returns, and does not raise CallEnded, when the caller leaves: the application is told what became of the dial.
    """
    course = Course(verb, scene)
    try:
        async with scene.call.alive():
            await course.run()
    except CallEnded:
        course.call_is_over = True
    return await course.outcome()


class Course:
    """One Dial, and what is known of it so far."""

    def __init__(self, verb: Dial, scene: Scene) -> None:
        self._verb = verb
        self._scene = scene
        self._telling = LegTelling(verb, scene)
        is_asked = verb.confirmation is not None or any(to.screening for to in verb.destinations)
        self._ringing_sound = Ringing(scene, is_asked=is_asked)
        self._fork = Fork(verb, scene, self._begun)
        self._keys = KeysToLegs()
        self._loop = asyncio.get_running_loop()
        self._dialled_at = self._loop.time()
        self._connected_at: float | None = None
        self._parted_at: float | None = None
        self._leg: OutboundLeg | None = None
        self._tape: Tape | None = None
        self.call_is_over = False
        """Whether the caller left."""

    async def run(self) -> None:
        """Dial, connect, and part again."""
        verb, scene = self._verb, self._scene
        longest_s = max((to.screening_timeout_s for to in verb.destinations if to.screening), default=0.0)
        if verb.confirmation is not None:
            longest_s = max(longest_s, CONFIRM_SOUND_S + verb.confirmation.timeout_s)
        with self._fork as fork:
            async with self._keys, self._ringing():
                missing = "those who were dialled neither answered nor failed"
                with scene.watch.within(verb.timeout_s + longest_s + MARGIN_S, missing):
                    self._leg = await fork.first()
                if self._leg is not None:
                    await self._keys.sent(self._leg, fork.destination_of(self._leg))
            if self._leg is not None:
                await self._talk(self._leg)

    @asynccontextmanager
    async def _ringing(self) -> AsyncIterator[None]:
        """A block in which the caller hears that somebody is called."""
        sound = self._verb.waiting_sound
        if sound is None:
            async with self._ringing_sound.heard(can_be_early=len(self._verb.destinations) == 1):
                yield
            return
        waiting = WaitingSound(self._scene, Asked.DIAL_SOUND)
        await waiting.turn_to(sound)
        try:
            yield
        finally:
            await waiting.turn_off()

    async def outcome(self) -> Dialled:
        """What is told of it. Waits a moment for the ends of the legs."""
        outcome = await self._outcome()
        await self._telling.finished(OVER_S)
        return outcome

    async def _outcome(self) -> Dialled:
        if self._connected_at is None or self._leg is None:
            return await self._nothing()
        leg = self._leg
        await _ended(leg)
        ring_duration_s = self._connected_at - self._dialled_at
        if leg.over_now is not None:
            ring_duration_s = leg.over_now.ring_duration_s
        parted_at = self._parted_at if self._parted_at is not None else self._loop.time()
        return Dialled(
            end=DialEnd.COMPLETED,
            call_id=leg.call_id,
            duration_s=parted_at - self._connected_at,
            ring_duration_s=ring_duration_s,
            recording=self._tape.recorded() if self._tape is not None else None,
            sip_call_id=leg.call.sip_call_id,
            sip_status=OK,
            sip_headers=leg.call.answer_headers,
            call_is_over=self.call_is_over,
        )

    async def _nothing(self) -> Dialled:
        """Nobody was connected."""
        miss = await self._given_up() if self.call_is_over else self._fork.best_miss
        call = miss.leg.call if miss.leg is not None else None
        return Dialled(
            end=miss.end,
            call_id=call.info.call_id if call is not None else None,
            ring_duration_s=miss.ring_duration_s,
            sip_call_id=call.sip_call_id if call is not None else "",
            sip_status=miss.sip_status,
            sip_headers=call.answer_headers if call is not None else (),
            call_is_over=self.call_is_over,
        )

    async def _given_up(self) -> Miss:
        """The caller left before anybody was connected, be it while somebody was screened who had answered."""
        tried = self._leg or (self._fork.legs[-1] if self._fork.legs else None)
        if tried is None:
            return Miss(end=DialEnd.CANCELED)
        waited_s = self._loop.time() - self._dialled_at
        if tried.call.is_answered:
            await _ended(tried)
        if not tried.call.is_answered or tried.over_now is None:
            return Miss(end=DialEnd.CANCELED, leg=tried, ring_duration_s=waited_s)
        return replace(miss_of(tried, tried.over_now), end=DialEnd.CANCELED)

    def _begun(self, leg: OutboundLeg, position: int) -> None:
        self._telling.begun(leg, position)
        self._ringing_sound.begun(leg)
        self._keys.begun(leg, self._verb.destinations[position - 1])

    async def _talk(self, leg: OutboundLeg) -> None:
        """Until either side leaves, the time is up, or the key is pressed."""
        scene, verb, caller = self._scene, self._verb, self._scene.call
        async with AsyncExitStack() as stack:
            # Before they hear each other: who hears somebody may press a key at once.
            relay = keys_relayed(caller, leg.call, kept=verb.hang_up_key)
            hang_up_key = await stack.enter_async_context(relay)
            await stack.enter_async_context(keys_relayed(leg.call, caller))
            room = scene.tools.room()
            mine = await stack.enter_async_context(room.joined(caller))
            theirs = await stack.enter_async_context(room.joined(leg.call))
            stack.enter_context(scene.control.seated(RoomSeat(mine)))
            stack.enter_context(leg.seated(RoomSeat(theirs)))
            stack.enter_context(scene.control.connected_with(leg))
            await stack.enter_async_context(connection_taped(verb, scene, room, self._keep_tape))
            self._connected_at = self._loop.time()
            position = self._fork.position_of(leg)
            self._telling.connected(leg, position)
            stack.enter_context(self._telling.keys_told(leg, position))
            late = "those who were connected were not parted"
            stack.enter_context(scene.watch.within(verb.time_limit_s + MARGIN_S, late))
            try:
                ends = (_gone(leg.call), leg.is_taken.wait(), hang_up_key.wait())
                if not await _first_of(*ends, within_s=verb.time_limit_s):
                    leg.let_go_by = EndedBy.TIME_LIMIT
            finally:
                self._parted_at = self._loop.time()

    def _keep_tape(self, tape: Tape) -> None:
        self._tape = tape


async def _over(leg: OutboundLeg) -> None:
    await leg.over()


async def _ended(leg: OutboundLeg) -> None:
    """Returns once a leg that was let go is over, or was long enough about it."""
    if not leg.is_taken.is_set():
        await _first_of(_over(leg), within_s=OVER_S)


async def _gone(call: Call) -> None:
    """Returns when the leg is over."""
    try:
        async with call.alive():
            await asyncio.Event().wait()
    except CallEnded:
        return


async def _first_of(*waits: Coroutine[None, None, object], within_s: float) -> bool:
    """Returns when the first of these does, or the time is up: whether one did."""
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        done, _ = await asyncio.wait(tasks, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
        return bool(done)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)
