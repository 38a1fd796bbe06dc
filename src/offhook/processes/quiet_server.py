"""uvicorn without its own ways with signals and logs."""

import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Any

import uvicorn

WAITING_CONNECTIONS = 2048


class QuietServer(uvicorn.Server):
    """A server that leaves signals alone: the supervisor's channel says when to stop."""

    def __init__(self, app: Callable[..., Any]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                log_config=None,
                access_log=False,
                lifespan="off",
                server_header=False,
                proxy_headers=False,  # whom to believe is a setting: see rest/sources.py
                timeout_graceful_shutdown=3,
            )
        )

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals stay as they are."""
        yield

    def stop(self) -> None:
        """Let what is under way finish, then end `serve`."""
        self.should_exit = True


def listening_socket(host: str, port: int) -> socket.socket:
    """A TCP socket that takes connections from now on, served or not yet. Raises OSError where the address is taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family, socket.SOCK_STREAM)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
        bound.listen(WAITING_CONNECTIONS)
    except OSError:
        bound.close()
        raise
    return bound
