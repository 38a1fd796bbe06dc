"""Whether a call is on hold, and the music that it hears meanwhile, whatever verbs run.

The music belongs to no verb: it goes on under those that follow, and under the documents that follow, until the call is
taken off hold, is taken to another application, or ends.
"""

import asyncio

from offhook.call.errors import CallEnded, CustomerError, OffhookError, ProviderError
from offhook.call.port import Call
from offhook.interpreter.notices import Notices
from offhook.interpreter.ports import Prompts
from offhook.interpreter.repeat import repeat
from offhook.verbs import Play

SUCCESS_BELOW = 300


class Holding:
    """One call's."""

    def __init__(self, call: Call, prompts: Prompts, notices: Notices) -> None:
        self._call = call
        self._prompts = prompts
        self._notices = notices
        self._music: asyncio.Task[None] | None = None
        self.was_held = False
        """Whether the call has ever been put on hold."""

    async def hold(self, music_url: str | None) -> int:
        """Put the call on hold, with music where there is some; returns the SIP status of the far end."""
        try:
            status = await self._call.hold()
        except asyncio.CancelledError:
            self.was_held = True  # the far end was asked, and may say yes yet
            raise
        if status < SUCCESS_BELOW:
            self.was_held = True
            if music_url is not None:
                await self.silence()
                self._music = asyncio.create_task(self._play(music_url))
        return status

    async def resume(self) -> int:
        """Take the call off hold; returns the SIP status of the far end."""
        status = await self._call.resume()
        if status < SUCCESS_BELOW:
            await self.silence()
        return status

    async def silence(self) -> None:
        """End the music; returns when it has ended."""
        music, self._music = self._music, None
        if music is not None:
            music.cancel()
            await asyncio.wait((music,))

    async def _play(self, url: str) -> None:
        """Music that cannot be had is told to the customer; the call stays on hold in silence."""
        try:
            async with self._call.alive(), self._prompts.ready(Play(url=url, loop=0)) as audio:
                await repeat(audio, 0, self._call)
        except CallEnded:
            pass
        except (CustomerError, ProviderError) as error:
            self._notices.fault(error)
        except OffhookError as error:
            self._notices.own_fault(str(error))
