"""The streams of the running calls of this worker, for who is at its door; as JSON there and back."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from offhook.interpreter.acts import TooMuchBeside
from offhook.interpreter.connected import ControlOf
from offhook.interpreter.control import CallOver, Control
from offhook.interpreter.streams import MOST_STREAMS
from offhook.interpreter.streams import RunningStream as InterpreterStream
from offhook.processes.live_words import read_target
from offhook.rest.live_ports import CallIsOver, CallNotAnswered
from offhook.rest.stream_ports import RunningStream
from offhook.verbs import Coding, SoundFormat, Stream, Track

Json = dict[str, Any]


class LiveStreams:
    """Does it."""

    def __init__(self, control_of: ControlOf) -> None:
        self._control_of = control_of

    async def command(self, call_id: str, command: str, written: Json) -> Json:
        """What `begin`, `list` and `end` do, and are answered with. Raises CallIsOver, CallNotAnswered."""
        control = self._control(call_id)
        match command:
            case "begin":
                return {"is_done": await self._begin(control, read_stream(written))}
            case "end":
                return {"is_done": _end(control, written["stream_id"])}
            case _:
                return {"streams": [_shown(stream) for stream in control.streams.all()]}

    def _control(self, call_id: str) -> Control:
        control = self._control_of(call_id)
        if control is None or control.is_over or not control.begun.is_set():
            raise CallIsOver("the call is over")
        return control

    @staticmethod
    async def _begin(control: Control, verb: Stream) -> bool:
        if not control.call.is_answered:
            raise CallNotAnswered("the call has not been answered yet")
        if len(control.streams.all()) >= MOST_STREAMS:
            return False
        try:
            await control.act(verb)
        except TooMuchBeside:
            return False
        except CallOver as over:
            raise CallIsOver(str(over)) from over
        return True


def write_stream(verb: Stream) -> Json:
    """A stream that is asked for as JSON."""
    return asdict(verb)


def read_stream(written: Json) -> Stream:
    """The stream that `write_stream` wrote."""
    sound_format = written["sound_format"]
    return Stream(
        **{
            **written,
            "track": Track(written["track"]),
            "sound_format": SoundFormat(Coding(sound_format["coding"]), sound_format["rate_hz"]),
            "told": tuple((name, value) for name, value in written["told"]),
            "status_target": read_target(written["status_target"]),
        }
    )


def read_running(written: Json) -> RunningStream:
    """A stream that runs, as the door tells it."""
    return RunningStream(
        verb=read_stream(written["verb"]),
        began_at=datetime.fromisoformat(written["began_at"]),
        is_connected=written["is_connected"],
    )


def _shown(stream: InterpreterStream) -> Json:
    return {
        "verb": write_stream(stream.verb),
        "began_at": stream.began_at.isoformat(),
        "is_connected": stream.is_connected,
    }


def _end(control: Control, stream_id: str | None) -> bool:
    if stream_id is not None:
        return control.streams.stop(stream_id)
    had_some = bool(control.streams.all())
    control.streams.stop_all()
    return had_some
