"""Codecs and keys with a client that is not ours: baresip encodes and decodes with libraries of its own."""

import asyncio
from pathlib import Path

import numpy
import pytest
import soundfile

from offhook.call.codecs import Codec
from offhook.pjsua.build import installed_build
from tests.contract.tones import AUDIBLE, amplitude_of, sine
from tests.sip.peer import Peer
from tests.sip.softphone import CODECS, ESTABLISHED, calling_softphone
from tests.system.conftest import write_wav
from tests.system.server import Server
from tests.system.test_recordings import sound_of, until
from tests.webhooks.server import Application, page

pytestmark = pytest.mark.sip

CLOCK_RATES = {Codec.PCMU: 8000, Codec.PCMA: 8000, Codec.G722: 16_000, Codec.OPUS: 48_000, Codec.GSM: 8000}
OURS_HZ, THEIRS_HZ = 1300, 500
TONE_S, LEAST_S, STEP_S = 1.5, 0.8, 0.1
SIDE_BY_SIDE = 2
KEYS = "90*#"


def tone_s(samples: "numpy.ndarray[tuple[int], numpy.dtype[numpy.int16]]", rate_hz: int, hertz: int) -> float:
    """How long a tone is heard."""
    step = round(rate_hz * STEP_S)
    pieces = [samples[at : at + step].tobytes() for at in range(0, len(samples) - step + 1, step)]
    return STEP_S * sum(amplitude_of(hertz, piece, rate_hz) >= AUDIBLE for piece in pieces)


def is_alone(path: Path, channel: int, hertz: int, other_hertz: int) -> int:
    """Judge that a tone is heard in a channel of a WAV file, at its own pitch, and the other side's is not; the file's rate."""
    sound, rate_hz = soundfile.read(path, dtype="int16", always_2d=True)
    samples = numpy.ascontiguousarray(sound[:, channel])
    heard = {each: tone_s(samples, rate_hz, each) for each in (hertz, hertz // 2, 2 * hertz, other_hertz)}
    assert heard.pop(hertz) >= LEAST_S, (path, hertz, heard)
    assert not any(seconds > STEP_S for seconds in heard.values()), (path, hertz, heard)
    return int(rate_hz)


async def both_hear(server: Server, folder: Path, codec: Codec) -> None:
    """A call in a codec, in which both sides say something at once, each heard by the other."""
    theirs, number = folder / "theirs.wav", f"8861{list(Codec).index(codec)}"
    async with calling_softphone(
        folder / codec, f"sip:{number}@127.0.0.1:{server.sip_port}", codec, theirs
    ) as softphone:
        await softphone.is_over()
    name = f"{CODECS[codec].split('/')[0]} {CLOCK_RATES[codec]}Hz"
    assert {f"Set audio {way}coder: {name}" in softphone.said for way in ("en", "de")} == {True}, (
        softphone.said
    )
    assert is_alone(softphone.heard, 0, OURS_HZ, THEIRS_HZ) == CLOCK_RATES[codec]
    call = await asyncio.to_thread(server.call_to, number)
    [recording] = await until(
        lambda: [
            one for one in server.get(f"/Calls/{call['sid']}/Recordings") if one["status"] == "completed"
        ]
    )
    kept = folder / f"{codec}.wav"
    with sound_of(server, recording) as sound:
        frames = sound.readframes(sound.getnframes())
    soundfile.write(kept, numpy.frombuffer(frames, "int16").reshape(-1, 2), 8000)
    assert is_alone(kept, 0, THEIRS_HZ, OURS_HZ) == 8000
    assert is_alone(kept, 1, OURS_HZ, THEIRS_HZ) == 8000


async def test_each_codec_is_understood_both_ways_by_a_softphone(
    server: Server, app: Application, tmp_path: Path
) -> None:
    write_wav(tmp_path / "ours.wav", sine(OURS_HZ, TONE_S))
    write_wav(tmp_path / "theirs.wav", sine(THEIRS_HZ, 60.0))
    app.on("/tone.wav", page(200, (tmp_path / "ours.wav").read_bytes()))
    app.on("/voice", page(200, f"<Response><Play>{app.url}/tone.wav</Play></Response>"))
    built = [codec for codec in Codec if codec is not Codec.OPUS or installed_build().limits]
    turns = asyncio.Semaphore(SIDE_BY_SIDE)

    async def in_turn(codec: Codec) -> None:
        async with turns:
            await both_hear(server, tmp_path, codec)

    for codec in built:
        server.give_number(f"8861{list(Codec).index(codec)}", f"{app.url}/voice", RecordAll="stereo")
    async with asyncio.TaskGroup() as calls:
        for codec in built:
            calls.create_task(in_turn(codec))


async def test_keys_of_a_softphone_come_to_a_gather(server: Server, app: Application, tmp_path: Path) -> None:
    write_wav(tmp_path / "theirs.wav", sine(THEIRS_HZ, 1.0))
    menu = (
        f"<Response><Gather numDigits='{len(KEYS)}' finishOnKey='' timeout='60' action='/keys'/></Response>"
    )
    app.on("/menu", page(200, menu))
    app.on("/keys", page(200, "<Response><Hangup/></Response>"))
    server.give_number("88620", f"{app.url}/menu")
    async with calling_softphone(
        tmp_path / "phone", f"sip:88620@127.0.0.1:{server.sip_port}", "GSM", tmp_path / "theirs.wav"
    ) as softphone:
        await softphone.says(ESTABLISHED)
        await app.has(lambda seen: any(each.path == "/menu" for each in seen.requests))
        await softphone.press(KEYS)
        await softphone.is_over()
    [keys] = [dict(each.form)["Digits"] for each in app.requests if each.path == "/keys"]
    assert keys == KEYS


async def test_codecs_are_offered_in_the_order_that_is_set(
    guarded: Server, app: Application, peer: Peer
) -> None:
    app.on("/voice", page(200, "<Response><Hangup/></Response>"))
    form = {"From": "1000", "To": f"sip:peer@127.0.0.1:{peer.port}", "Url": f"{app.url}/voice"}
    placed = await asyncio.to_thread(lambda: guarded.post("/Calls.json", **form))
    assert placed.status_code == 200, placed.text
    invite = await peer.expect()
    peer.respond(486)
    offered = [line for line in invite.body.splitlines() if line.startswith(("m=audio", "a=rtpmap"))]
    names = {line.split()[0].partition(":")[2]: line.split()[1].split("/")[0] for line in offered[1:]}
    order = [name for name in (names[kind] for kind in offered[0].split()[3:]) if name != "telephone-event"]
    assert order == ["GSM", *(["opus"] if installed_build().limits else []), "G722", "PCMA", "PCMU"]
