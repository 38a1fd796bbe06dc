"""The speech engine in examples/recogniser_server does what docs/recognisers.md says of it."""

import asyncio
import re
import sys
from pathlib import Path

from offhook.speech.pcm import FRAME_BYTES
from offhook.speech.recogniser import Final, Partial, RecogniserOptions, SpeechEnded, SpeechStarted
from offhook.vendors.custom import CustomRecogniser

ROOT = Path(__file__).parents[2]
PROGRAM = ROOT / "examples" / "recogniser_server" / "server.py"
DEADLINE_S = 60.0


async def test_the_example_hears_a_caller() -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, str(PROGRAM), "0", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        async with asyncio.timeout(DEADLINE_S):
            address = re.search(r"ws://\S+", (await process.stdout.readline()).decode())
            assert address is not None
            recogniser = CustomRecogniser("mine", address[0])
            for partials in (True, False):
                async with recogniser.listen(RecogniserOptions(partials=partials)) as recognition:
                    for _ in range(75):
                        recognition.send(bytes(FRAME_BYTES))
                    recognition.finish()
                    events = [event async for event in recognition]
                told = [Partial("1 seconds so far")] if partials else []
                assert events == [SpeechStarted(), *told, Final("1.5 seconds", 1.0), SpeechEnded()]
    finally:
        process.terminate()
        await process.wait()


def test_the_page_shows_the_example_as_it_is() -> None:
    page = (ROOT / "docs" / "recognisers.md").read_text()
    assert PROGRAM.read_text().partition('"""\n\n')[2].partition("\n\n\nif __name__")[0] in page
