"""What an application wants the others in a conference to hear when a caller comes and goes: it is asked for once the caller
is inside, both at once, so that it is there by the time of the going, when nobody can be asked on the call's behalf."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog

from offhook.call.errors import Asked, CustomerError, OffhookError, ProviderError
from offhook.interpreter.meetings import Membership, Prompts
from offhook.interpreter.scene import Scene
from offhook.interpreter.waiting_sound import NOT_WHILE_WAITING, is_sound_file
from offhook.verbs import Conference, Pause, Play, Say, Target

log = structlog.get_logger()


@asynccontextmanager
async def announced(verb: Conference, scene: Scene, membership: Membership) -> AsyncIterator[None]:
    """A block whose beginning and end the others hear of, as `verb` wants it."""
    wanted = ((verb.enter_sound, True), (verb.exit_sound, False))
    tasks = [
        asyncio.create_task(_announce(sound, scene, membership, is_entry=is_entry), name="comings and goings")
        for sound, is_entry in wanted
        if sound is not None
    ]
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)


async def _announce(sound: Target, scene: Scene, membership: Membership, *, is_entry: bool) -> None:
    try:
        membership.announce(await _prompts(sound, scene), is_entry=is_entry)
    except (CustomerError, ProviderError) as error:
        scene.notices.fault(error)
    except OffhookError as error:
        # The call may be over; whoever runs it hears of that by itself.
        log.info("conference.not_announced", error=str(error))


async def _prompts(sound: Target, scene: Scene) -> Prompts:
    if is_sound_file(sound):
        return (Play(url=sound.url),)
    prompts: list[Say | Play | Pause] = []
    for verb in (await scene.ask(sound, (), Asked.ASIDE)).verbs:
        if isinstance(verb, Say | Play | Pause):
            prompts.append(verb)
            continue
        name = type(verb).__name__
        message = f"{name} was left out of what a conference hears of a caller; Say, Play and Pause can be."
        scene.notices.warning_once(NOT_WHILE_WAITING, f"announced {name}", message)
    return tuple(prompts)
