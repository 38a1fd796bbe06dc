"""uvicorn without its own ways with signals and logs; with a certificate, HTTPS."""

import asyncio
import contextlib
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any

import structlog
import uvicorn

from offhook.kept_certificate import KeptCertificate
from offhook.tls_files import TlsFilesUnusable

log = structlog.get_logger()

WAITING_CONNECTIONS = 2048
LOOK_EVERY_S = 1.0
"""How often certificate files are looked at for a change."""


class QuietServer(uvicorn.Server):
    """A server that leaves signals alone: the supervisor's channel says when to stop."""

    def __init__(self, app: Callable[..., Any], tls: KeptCertificate | None = None) -> None:
        """With a certificate, which was begun, it speaks HTTPS, and nothing else. Raises TlsFilesUnusable."""
        self._tls = tls
        self._context = context = tls.in_use.context() if tls is not None else None
        super().__init__(
            uvicorn.Config(
                app,
                ssl_context_factory=(lambda _config, _default: context) if context is not None else None,
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

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until told to stop, with whatever certificate lies there."""
        following = None
        if self._tls is not None and self._context is not None:
            following = asyncio.create_task(follow(self._tls, self._context))
        try:
            await super().serve(sockets)
        finally:
            if following is not None:
                following.cancel()

    def stop(self) -> None:
        """Let what is under way finish, then end `serve`."""
        self.should_exit = True


async def follow(kept: KeptCertificate, context: ssl.SSLContext) -> None:
    """Without end: give new connections a certificate that was replaced. Those that are there keep theirs."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            end = kept.renewed()
        except TlsFilesUnusable as fault:
            log.warning("http.certificate_not_taken", reason=str(fault))
            continue
        if end is not None:
            context.load_cert_chain(kept.in_use.certificate, kept.in_use.key)
            log.info("http.certificate_replaced", valid_until=end.isoformat(timespec="minutes"))


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
