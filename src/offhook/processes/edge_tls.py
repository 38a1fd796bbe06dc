"""The certificates that Kamailio speaks TLS with: written down for it, and told anew when a file was replaced."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from offhook.call.trunks import SipTransport
from offhook.config import Settings
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.tls_config import EdgeTls
from offhook.tls_files import TlsFiles, TlsFilesUnusable, system_authorities, system_authorities_by_name

RELOADED_S = 60.0
"""By when each of Kamailio's processes has read certificates and authorities: a long list of these takes seconds."""
AGAIN_S = 30.0

log = structlog.get_logger()


class EdgeCertificates:
    """What there is of them; nothing where SIP over TLS is not set up."""

    def __init__(self, settings: Settings, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        """Raises TlsFilesUnusable."""
        self._clock = clock
        self._again_at = 0.0
        self._files: TlsFiles | None = None
        self.tls: EdgeTls | None = None
        files = settings.sip_tls_files
        if files is None or SipTransport.TLS not in settings.transports:
            return
        files.check()
        by_name = system_authorities_by_name() if settings.sip_tls_ca is None else None
        authorities = by_name or settings.sip_tls_ca or system_authorities()
        self._files, self._mark = files, files.mark
        self.tls = EdgeTls(
            port=settings.sip_tls_port,
            certificate=files.certificate.absolute(),
            key=files.key.absolute(),
            authorities=(authorities or files.certificate).absolute(),
            are_by_name=by_name is not None,
            verifies=settings.sip_tls_verify,
            config_file=folder / "tls.cfg",
        )
        try:
            self._text = self.tls.text
        except ValueError as fault:
            raise TlsFilesUnusable(f"{files.prefix}_CERT, {files.prefix}_KEY: {fault}") from None

    def write(self) -> None:
        """Write down what Kamailio reads at its start."""
        if self.tls is not None:
            self.tls.config_file.write_text(self._text, "utf-8")

    def turn(self, rpc: KamailioRpc) -> None:
        """Tell Kamailio once a file was replaced; connections that there are go on. Blocks."""
        if self._files is None:
            return
        mark = self._files.mark
        if not mark or mark == self._mark or self._clock() < self._again_at:
            return
        try:
            self._files.check()
        except TlsFilesUnusable as fault:
            self._mark = mark
            log.error("edge.certificate_not_taken", reason=str(fault), effect="the one before goes on")
            return
        try:
            rpc.call("tls.reload", within_s=RELOADED_S)
        except RpcFailed as failure:
            self._again_at = self._clock() + AGAIN_S
            log.error(
                "edge.certificate_not_taken",
                reason=str(failure),
                effect=f"the one before goes on; Kamailio is told again in {AGAIN_S:g} s",
            )
            return
        self._mark = mark
        log.info("edge.certificate_replaced")
