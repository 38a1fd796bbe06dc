"""Recordings: how long a minute is, whether it clicks, and what it costs.

    python -m bench.recording [--seconds 60] [--calls 20] [--cost-seconds 20]

One call is recorded three times at once (what its far end says, both mixed, both in two channels) while it
is renegotiated, held, taken back, played to and put in a room. Then so many calls are recorded at once in a
process of their own, whose CPU time is told with and without. Everything on 127.0.0.1; phones are raw
sockets and speak all the time.
"""

import argparse
import asyncio
import json
import multiprocessing
import sys
import tempfile
import time
import wave
from array import array
from contextlib import AsyncExitStack
from itertools import pairwise
from multiprocessing.connection import Connection
from pathlib import Path

from tests.contract.phone import Phone
from tests.contract.tones import AMPLITUDE, sine
from tests.contract.worlds import RealWorld
from tests.pjsua.renegotiation import renegotiate

from offhook.call.info import CallInfo, Direction, Sides, new_id
from offhook.call.port import Audio
from offhook.pjsua.build import installed_build
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.leg import Leg
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.testing.scripted_call import SOME_CALL

HERTZ, SOUND_HERTZ = 500, 300
"""What the phone says, and what is played to it."""
STEEPEST = AMPLITUDE * 2 * 3.1416 * HERTZ / 8000
"""The biggest step between two samples of what the phone says."""
ROUNDING = 1.15
"""G.711 rounds, by up to a sixteenth of a sample's own size at either end of a step."""


async def one_call(seconds: float, folder: Path) -> dict[str, object]:
    """Record one eventful call; how long its files are, and the biggest step in each."""
    world = RealWorld()
    await world.start()
    try:
        call = await world.comes()
        await call.answer()
        phone = world.party[0]
        await phone.answered.wait()
        phone.say(sine(HERTZ, seconds + 5))
        paths = {sides: folder / f"{sides}.wav" for sides in Sides}
        async with AsyncExitStack() as stack:
            tapings = [
                await stack.enter_async_context(call.taped(path, sides)) for sides, path in paths.items()
            ]
            began_at = time.monotonic()
            await _live_through(world, call, seconds, folder)
            await asyncio.sleep(max(0.0, began_at + seconds - time.monotonic()))
            block_s = time.monotonic() - began_at
            left_at = time.monotonic()
            told = [round(taping.seconds, 3) for taping in tapings]
        return {
            "block_s": round(block_s, 3),
            "told_s": told,
            "leaving_ms": round(1000 * (time.monotonic() - left_at)),
            "files": {str(sides): _look(path) for sides, path in paths.items()},
            "signals_steepest": round(STEEPEST),
        }
    finally:
        await world.close()


async def _live_through(world: RealWorld, call: object, seconds: float, folder: Path) -> None:
    """A sixth of the time each: nothing, two re-INVITEs, a hold, a sound, a room."""
    assert isinstance(call, Leg)
    part = seconds / 6
    await asyncio.sleep(part)
    for _ in range(2):
        await renegotiate(world.party[0])
    await asyncio.sleep(part)
    assert await call.hold() == 200
    await asyncio.sleep(part)
    assert await call.resume() == 200
    tone = folder / "sound.wav"
    with wave.open(str(tone), "wb") as file:
        file.setparams((1, 2, 8000, 0, "NONE", ""))
        file.writeframes(sine(SOUND_HERTZ, part / 2))
    await call.play(Audio(path=tone, duration_s=part / 2, label="sound"))
    other = await world.comes()
    await other.answer()
    async with (room := world.room()).joined(call), room.joined(other):
        await asyncio.sleep(part)


def _look(path: Path) -> dict[str, object]:
    with wave.open(str(path)) as file:
        channels = file.getnchannels()
        samples = array("h", file.readframes(file.getnframes()))
        length_s = file.getnframes() / file.getframerate()
    steps = []
    for channel in range(channels):
        one = samples[channel::channels]
        steps.append(max(abs(after - before) for before, after in pairwise(one)))
    return {"seconds": round(length_s, 3), "channels": channels, "biggest_step": steps}


def _worker(orders: Connection) -> None:
    asyncio.run(_serve(orders))


async def _serve(orders: Connection) -> None:
    """Answer every call; on order record them, and tell the CPU time that was used."""
    legs: list[Leg] = []
    answering: set[asyncio.Task[None]] = set()

    def take(incoming: Incoming) -> None:
        info = CallInfo(
            call_id=new_id(),
            account_sid=SOME_CALL.account_sid,
            direction=Direction.INBOUND,
            from_="1",
            to="2",
            created_at=SOME_CALL.created_at,
        )
        leg = incoming.take(info)
        legs.append(leg)
        answering.add(asyncio.create_task(leg.answer()))

    switchboard = Switchboard(
        EngineSettings(sip_host="127.0.0.1", sip_port=0, rtp_first_port=22000, rtp_ports=400),
        installed_build(),
        refuse=lambda _: None,
        on_incoming=take,
    )
    await switchboard.start()
    orders.send(switchboard.engine.sip_port)
    with tempfile.TemporaryDirectory() as folder:
        while (order := await asyncio.to_thread(orders.recv)) is not None:
            sides, seconds = order
            async with AsyncExitStack() as stack:
                begun_at = time.perf_counter()
                for number, leg in enumerate(legs):
                    if sides is not None:
                        await stack.enter_async_context(
                            leg.taped(Path(folder) / f"{number}.wav", Sides(sides))
                        )
                begin_us = 1e6 * (time.perf_counter() - begun_at) / max(1, len(legs))
                before = time.process_time()
                await asyncio.sleep(seconds)
                used = time.process_time() - before
            orders.send((100 * used / seconds, begin_us))
    await switchboard.stop()


async def cost(calls: int, seconds: float) -> dict[str, object]:
    """CPU of the process that holds the calls, in percent of one core, by what is recorded of each."""
    ours, theirs = multiprocessing.get_context("spawn").Pipe()
    worker = multiprocessing.get_context("spawn").Process(target=_worker, args=(theirs,), daemon=True)
    worker.start()
    phones: list[Phone] = []
    try:
        port = await asyncio.to_thread(ours.recv)
        for _ in range(calls):
            phone = await Phone.open()
            phones.append(phone)
            await phone.invite("1000", port)
            phone.say(sine(HERTZ, 8 * seconds))
        told: dict[str, object] = {}
        for sides in (None, *Sides, None):
            ours.send((sides and str(sides), seconds))
            percent, begin_us = await asyncio.to_thread(ours.recv)
            name = str(sides) if sides else ("nothing" if "nothing" not in told else "nothing again")
            told[name] = {"percent_of_a_core": round(percent, 2), "begin_us": round(begin_us)}
        ours.send(None)
        return told
    finally:
        for phone in phones:
            await phone.close()
        worker.join(10)
        if worker.is_alive():
            worker.kill()


def main() -> int:
    """Run both, print one line of JSON each; 1 where a recording is too long, too short, or clicks."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--calls", type=int, default=20)
    parser.add_argument("--cost-seconds", type=float, default=20.0)
    arguments = parser.parse_args()
    print(json.dumps({"build": installed_build().name}))
    with tempfile.TemporaryDirectory() as folder:
        seen = asyncio.run(one_call(arguments.seconds, Path(folder)))
    print(json.dumps(seen))
    if arguments.calls:
        print(json.dumps(asyncio.run(cost(arguments.calls, arguments.cost_seconds))))
    files = seen["files"]
    assert isinstance(files, dict)
    is_long_enough = all(abs(found["seconds"] - arguments.seconds) <= 0.1 for found in files.values())
    # A file that holds the sound too holds steps of both.
    most = {"far_end": (1,), "mixed": (2,), "stereo": (1, 2)}
    is_smooth = all(
        step <= times * STEEPEST * ROUNDING
        for sides, found in files.items()
        for step, times in zip(found["biggest_step"], most[sides], strict=True)
    )
    return 0 if is_long_enough and is_smooth else 1


if __name__ == "__main__":
    sys.exit(main())
