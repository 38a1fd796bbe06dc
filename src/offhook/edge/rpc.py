"""JSON-RPC with Kamailio: one datagram there and one back, over Unix sockets (its module jsonrpcs)."""

import contextlib
import itertools
import json
import socket
from pathlib import Path
from typing import Any

ANSWER_S = 2.0
LONGEST_ANSWER = 65_536


class RpcFailed(Exception):
    """Kamailio does not answer, or says no."""


class KamailioRpc:
    """A caller of Kamailio's procedures. Its methods block; one call at a time."""

    def __init__(self, rpc_socket: Path, own_socket: Path) -> None:
        """`own_socket` is where answers come to: a path that is ours alone."""
        self._rpc_socket = str(rpc_socket)
        self._own_path = own_socket
        self._numbers = itertools.count(1)
        own_socket.unlink(missing_ok=True)
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(own_socket))

    def call(self, method: str, *parameters: str | int, within_s: float = ANSWER_S) -> Any:
        """Call a procedure; its result. Raises RpcFailed."""
        number = next(self._numbers)
        request = {"jsonrpc": "2.0", "method": method, "params": parameters, "id": number}
        self._socket.settimeout(within_s)
        try:
            self._socket.sendto(json.dumps(request).encode(), self._rpc_socket)
            answer = self._answer(number)
        except (OSError, ValueError) as error:
            raise RpcFailed(f"{method}: {error or type(error).__name__}") from error
        if "error" in answer:
            raise RpcFailed(f"{method}: {answer['error'].get('message', answer['error'])}")
        return answer.get("result")

    def close(self) -> None:
        """Let go of the socket."""
        self._socket.close()
        with contextlib.suppress(OSError):
            self._own_path.unlink(missing_ok=True)

    def _answer(self, number: int) -> dict[str, Any]:
        while True:
            answer: dict[str, Any] = json.loads(self._socket.recv(LONGEST_ANSWER))
            if answer.get("id") == number:  # one that came too late for its own call may lie before it
                return answer
