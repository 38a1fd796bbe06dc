"""The main of a speech process: `python -m offhook.vendors.embedded.server --kind voice|recogniser --socket PATH`.

It serves one connection in one thread, for the libraries it calls are blocking. What it serves with is loaded
by the first connection, so that a process nobody needs stays small.

A supervisor hands over a control channel, a socket whose number is in OFFHOOK_CONTROL_FD: the process tells
`{"ready": true}` once it accepts connections, and leaves with status 0 when it is told `{"stop": true}` or
reads end-of-file; signals are then the supervisor's business alone. It answers `{"ping": true}` with
`{"pong": true}`, however busy it is, unless it hangs in a library. Without a channel SIGTERM ends it.
"""

import argparse
import json
import os
import signal
import socket
import stat
import sys
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

from offhook.vendors.embedded.library_calls import is_hanging

CONTROL_FD = "OFFHOOK_CONTROL_FD"
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
BACKLOG = 512
MAX_CONNECTIONS = 256
DECODERS = 128
"""Utterances that one recogniser process hears at once. Each takes a decoder of 3 MB from the first frame on, and next to no
time until somebody speaks; where more speak at once than the core can follow, results come late."""

Serve = Callable[[socket.socket], None]


def main() -> None:
    """Serve until told to stop."""
    arguments = _arguments()
    channel = _control_channel()
    listener = _listen(arguments.socket)
    serve = _made_when_needed(_service(arguments))
    threading.Thread(target=_accept, args=(listener, serve), daemon=True).start()
    try:
        _until_stopped(channel)
    finally:
        arguments.socket.unlink(missing_ok=True)
    sys.stderr.flush()
    os._exit(0)  # threads may be inside a library; there is nothing to save


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="offhook.vendors.embedded.server")
    parser.add_argument("--kind", choices=("voice", "recogniser"), required=True)
    parser.add_argument("--socket", type=Path, required=True, help="Unix socket to listen on")
    parser.add_argument("--decoders", type=int, default=DECODERS, help="utterances heard at once")
    parser.add_argument("--free-speech", action="store_true", help="try English without hints")
    return parser.parse_args()


def _control_channel() -> socket.socket | None:
    number = os.environ.get(CONTROL_FD)
    if number is None:
        signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)  # in all threads, for `sigwait`
        return None
    for stop_signal in STOP_SIGNALS:
        signal.signal(stop_signal, signal.SIG_IGN)
    channel = socket.socket(fileno=int(number))
    channel.set_inheritable(False)
    return channel


def _listen(path: Path) -> socket.socket:
    """A listening socket that only our own user can reach. Takes the place of one left behind."""
    if path.exists() and stat.S_ISSOCK(path.stat().st_mode):
        path.unlink()
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    others = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(others)
    listener.listen(BACKLOG)
    return listener


def _until_stopped(channel: socket.socket | None) -> None:
    if channel is None:
        signal.sigwait(STOP_SIGNALS)
        return
    try:
        channel.sendall(b'{"ready": true}\n')
        with channel.makefile("rb") as lines:
            for line in lines:
                told = json.loads(line)
                if told.get("stop"):
                    return
                if told.get("ping") and not is_hanging():
                    channel.sendall(b'{"pong": true}\n')
    except ConnectionError:
        return  # the supervisor died, which is end-of-file told otherwise


def _accept(listener: socket.socket, serve: Serve) -> None:
    places = threading.BoundedSemaphore(MAX_CONNECTIONS)

    def run(connection: socket.socket) -> None:
        try:
            serve(connection)
        finally:
            connection.close()
            places.release()

    while True:
        places.acquire()
        connection, _ = listener.accept()
        threading.Thread(target=run, args=(connection,), daemon=True).start()


def _service(arguments: argparse.Namespace) -> Callable[[], Serve]:
    if arguments.kind == "voice":
        return _voice
    return partial(_recogniser, arguments.decoders, arguments.free_speech)


def _voice() -> Serve:
    from offhook.vendors.embedded.voice_service import VoiceService

    return VoiceService().serve


def _recogniser(decoders: int, tries_free_speech: bool) -> Serve:
    from offhook.vendors.embedded.recogniser_service import RecogniserService

    return RecogniserService(decoders=decoders, tries_free_speech=tries_free_speech).serve


def _made_when_needed(make: Callable[[], Serve]) -> Serve:
    """What `make` gives, made by the first connection."""
    lock = threading.Lock()
    made: list[Serve] = []

    def serve(connection: socket.socket) -> None:
        with lock:
            if not made:
                made.append(make())
        made[0](connection)

    return serve


if __name__ == "__main__":
    main()
