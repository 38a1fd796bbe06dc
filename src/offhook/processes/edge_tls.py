"""The certificates that Kamailio speaks TLS with: written down for it, and told anew when a file was replaced."""

from pathlib import Path

import structlog

from offhook.call.trunks import SipTransport
from offhook.config import Settings
from offhook.edge.rpc import KamailioRpc
from offhook.edge.tls_config import EdgeTls
from offhook.tls_files import TlsFiles, TlsFilesUnusable, system_authorities

log = structlog.get_logger()


class EdgeCertificates:
    """What there is of them; nothing where SIP over TLS is not set up."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        """Raises TlsFilesUnusable."""
        self._files: TlsFiles | None = None
        self.tls: EdgeTls | None = None
        files = settings.sip_tls_files
        if files is None or SipTransport.TLS not in settings.transports:
            return
        files.check()
        authorities = settings.sip_tls_ca or system_authorities()
        self._files, self._mark = files, files.mark
        self.tls = EdgeTls(
            port=settings.sip_tls_port,
            certificate=files.certificate.absolute(),
            key=files.key.absolute(),
            authorities=(authorities or files.certificate).absolute(),
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
        """Tell Kamailio once a file was replaced; connections that there are go on. Blocks; raises RpcFailed."""
        if self._files is None:
            return
        mark = self._files.mark
        if not mark or mark == self._mark:
            return
        self._mark = mark
        try:
            self._files.check()
        except TlsFilesUnusable as fault:
            log.error("edge.certificate_unusable", error=str(fault), effect="the one before goes on")
            return
        rpc.call("tls.reload")
        log.info("edge.certificate_replaced")
