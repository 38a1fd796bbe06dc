"""Verbs that go on while the document does: begun by one of its verbs, over with the call at the latest."""

import asyncio
from contextlib import suppress

from offhook.call.errors import OffhookError
from offhook.interpreter.scene import Scene
from offhook.verbs import Verb

_begun: set[asyncio.Task[None]] = set()
"""Tasks are kept here, for the event loop does not."""


def begin_beside(verb: Verb, scene: Scene) -> None:
    """Run `verb` on the scene's call, as somebody outside could; nobody learns what came of it."""
    task = asyncio.create_task(_run(verb, scene), name=f"begun: {type(verb).__name__}")
    _begun.add(task)
    task.add_done_callback(_begun.discard)


async def _run(verb: Verb, scene: Scene) -> None:
    with suppress(
        OffhookError
    ):  # of the call's end among others, which whoever runs the document meets as well
        await scene.control.act(verb)
