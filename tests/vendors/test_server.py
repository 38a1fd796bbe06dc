"""A speech process as its supervisor sees it: the control channel, the socket, and strangers on it."""

import contextlib
import os
import signal
import socket
import stat
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from offhook.speech.recogniser import FailureKind, SpeechFailed
from offhook.vendors.embedded.library_calls import LONGEST_CALL_S
from offhook.vendors.embedded.protocol import DecodeRequest as Decode
from offhook.vendors.embedded.protocol import (
    Message,
    MessageReader,
    RefusalKind,
    SoundRefused,
    write_audio,
    write_end,
    write_request,
)
from offhook.vendors.embedded.protocol import RecogniseRequest as Recognise
from tests.speech_audio import caller_says
from tests.vendors.speech_process import START_S, SpeechProcess, speech_process

KINDS = pytest.mark.parametrize("kind", ["voice", "recogniser"])


def ask(path: Path, sent: bytes) -> list[Message]:
    """What a process answers to these bytes."""
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(START_S)
        connection.connect(str(path))
        connection.sendall(sent)
        received = b""
        while more := connection.recv(65_536):
            received += more
    return list(MessageReader().feed(received))


@KINDS
def test_told_to_stop_it_leaves_with_success_and_takes_its_socket_along(
    kind: str, socket_folder: Path
) -> None:
    with speech_process(kind, socket_folder / "stopped") as process:
        assert process.ask_to_stop() == 0
        assert not process.path.exists()


@KINDS
def test_it_leaves_when_its_supervisor_is_gone(kind: str, socket_folder: Path) -> None:
    with speech_process(kind, socket_folder / "orphan") as process:
        assert process.vanish_above() == 0


@KINDS
def test_signals_are_the_supervisors_business(kind: str, socket_folder: Path) -> None:
    with speech_process(kind, socket_folder / "signalled") as process:
        process.interrupt()
        assert ask(process.path, b"hello\n")
        assert process.ask_to_stop() == 0


def test_without_a_supervisor_a_signal_ends_it(socket_folder: Path) -> None:
    path = socket_folder / "alone"
    command = (
        sys.executable,
        "-m",
        "offhook.vendors.embedded.server",
        "--kind",
        "voice",
        "--socket",
        str(path),
    )
    bare = {name: value for name, value in os.environ.items() if name != "OFFHOOK_CONTROL_FD"}
    with subprocess.Popen(command, env=bare) as process:
        while not _accepts(path):
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(START_S) == 0
    assert not path.exists()


def test_only_our_own_user_can_reach_it(voice_process: SpeechProcess) -> None:
    assert stat.S_IMODE(voice_process.path.stat().st_mode) == 0o600


def test_a_socket_left_behind_is_replaced(socket_folder: Path) -> None:
    path = socket_folder / "left-behind"
    with speech_process("voice", path) as first:
        first.kill()
        assert path.exists()
    with speech_process("voice", path):
        assert ask(path, b"hello\n")


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"GET / HTTP/1.1\r\n", "this is not JSON"),
        (b'{"do": "sing"}\n', "'do' must be one of recognise, speak, decode, ping"),
        (write_request(Decode()), "a recogniser process only recognises"),
        (b"x" * 1_100_000, "the request is longer than 1048576 bytes"),
        (write_request(Recognise(language="en", hints=("yes",))) + b"?????", "a message begins with '?'"),
    ],
)
def test_a_recogniser_process_says_what_is_wrong_with_a_request(
    recogniser_process: SpeechProcess, sent: bytes, fault: str
) -> None:
    (failed,) = ask(recogniser_process.path, sent)
    assert isinstance(failed, SpeechFailed)
    assert failed.kind is FailureKind.BROKEN
    assert fault in failed.detail


@pytest.mark.parametrize(
    ("sent", "fault"),
    [
        (b"[]\n", "this is not a JSON object"),
        (write_request(Recognise(language="en")), "a voice process does not recognise"),
        (write_request(Decode()) + write_audio(b"RIFF") + b"?????", "a message begins with '?'"),
    ],
)
def test_a_voice_process_says_what_is_wrong_with_a_request(
    voice_process: SpeechProcess, sent: bytes, fault: str
) -> None:
    (refused,) = ask(voice_process.path, sent)
    assert isinstance(refused, SoundRefused)
    assert refused.kind is RefusalKind.BROKEN
    assert fault in refused.detail


def _accepts(path: Path) -> bool:
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0


@KINDS
def test_it_answers_the_pings_of_its_supervisor(kind: str, socket_folder: Path) -> None:
    with speech_process(kind, socket_folder / "pinged") as process:
        for _ in range(3):
            process.control.sendall(b'{"ping": true}\n')
            assert process.control.recv(100) == b'{"pong": true}\n'


def test_however_busy_it_answers(socket_folder: Path) -> None:
    pcm = caller_says("a word that is on no menu at all", speaker="Alex") * 2
    asked = write_request(Recognise(language="en", hints=("sales", "support", "opening hours")))
    with speech_process("recogniser", socket_folder / "busy") as process, ThreadPoolExecutor(4) as callers:
        heard = [callers.submit(ask, process.path, asked + write_audio(pcm) + write_end()) for _ in range(4)]
        answered = 0
        while not all(each.done() for each in heard):
            process.control.sendall(b'{"ping": true}\n')
            assert process.control.recv(100) == b'{"pong": true}\n'
            answered += 1
        assert answered > 3


HANGING_IN_A_LIBRARY = """
import threading
from offhook.vendors.embedded import server
from offhook.vendors.embedded.library_calls import library_call

def hang():
    with library_call():
        threading.Event().wait()

threading.Thread(target=hang, daemon=True).start()
server.main()
"""


def test_when_it_hangs_in_a_library_it_stops_answering(socket_folder: Path) -> None:
    ours, theirs = socket.socketpair()
    command = (
        sys.executable,
        "-c",
        HANGING_IN_A_LIBRARY,
        "--kind",
        "voice",
        "--socket",
        str(socket_folder / "hangs"),
    )
    environment = {**os.environ, "OFFHOOK_CONTROL_FD": str(theirs.fileno())}
    with subprocess.Popen(command, env=environment, pass_fds=(theirs.fileno(),)) as process, ours:
        theirs.close()
        ours.settimeout(START_S)
        assert ours.recv(100) == b'{"ready": true}\n'
        ours.settimeout(LONGEST_CALL_S / 4)
        began_at = time.monotonic()
        with contextlib.suppress(TimeoutError):
            while time.monotonic() - began_at < START_S:
                ours.sendall(b'{"ping": true}\n')
                assert ours.recv(100) == b'{"pong": true}\n'
        assert time.monotonic() - began_at < START_S
        ours.sendall(b'{"stop": true}\n')
        assert process.wait(START_S) == 0
