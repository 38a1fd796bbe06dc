"""The certificates that Kamailio speaks TLS with: written down for it, and told anew when a file was replaced."""

import time
from collections.abc import Callable
from pathlib import Path

import structlog

from offhook.call.trunks import SipTransport
from offhook.config import Settings
from offhook.edge.rpc import KamailioRpc, RpcFailed
from offhook.edge.tls_config import EdgeTls
from offhook.kept_certificate import FROM_THE_COPY, KeptCertificate, kept_authorities
from offhook.tls_files import TlsFilesUnusable, system_authorities, system_authorities_by_name

RELOADED_S = 60.0
"""By when each of Kamailio's processes has read certificates and authorities: a long list of these takes seconds."""
AGAIN_S = 5.0
EDGE, RELOAD, RELOADED = "edge", "reload", "reloaded"
"""A table of Kamailio's, what it is told there, and what it tells: the number of the time, a status, and its words."""
DONE = 200
NO_SUCH_KEY = "Key name doesn't exist"

log = structlog.get_logger()


class EdgeCertificates:
    """What there is of them; nothing where SIP over TLS is not set up."""

    def __init__(
        self, settings: Settings, folder: Path, copies: Path, clock: Callable[[], float] = time.monotonic
    ) -> None:
        """`copies` is where those in use are kept, for an edge that is started anew. Raises TlsFilesUnusable."""
        self._clock = clock
        self._again_at = self._given_up_at = 0.0
        self._asked = 0
        self._is_asked = self._is_to_tell = False
        self._kept: KeptCertificate | None = None
        self.tls: EdgeTls | None = None
        files = settings.sip_tls_files
        if files is None or SipTransport.TLS not in settings.transports:
            return
        self._kept = KeptCertificate(files, copies)
        _say(self._kept.begin())
        authorities, are_by_name = _authorities(settings, copies)
        self.tls = EdgeTls(
            port=settings.sip_tls_port,
            certificate=self._kept.in_use.certificate.absolute(),
            key=self._kept.in_use.key.absolute(),
            authorities=(authorities or self._kept.in_use.certificate).absolute(),
            are_by_name=are_by_name,
            verifies=settings.sip_tls_verify,
            config_file=folder / "tls.cfg",
        )
        try:
            self._text = self.tls.text
        except ValueError as fault:
            raise TlsFilesUnusable(f"{files.prefix}_CA, or the folder of the run: {fault}") from None

    def write(self) -> None:
        """Write down what Kamailio reads at its start."""
        if self.tls is not None:
            self.tls.config_file.write_text(self._text, "utf-8")

    def turn(self, rpc: KamailioRpc) -> None:
        """Tell Kamailio once a file was replaced; connections that there are go on. Blocks, and not for what Kamailio does then,
        which is asked about in later turns. Raises RpcFailed."""
        if self._kept is None:
            return
        if self._is_asked:
            self._hear(rpc)
            return
        try:
            self._is_to_tell |= self._kept.renewed() is not None
        except TlsFilesUnusable as fault:
            log.error("edge.certificate_not_taken", reason=str(fault), effect="the one before goes on")
        if self._is_to_tell and self._clock() >= self._again_at:
            self._asked += 1
            rpc.call("htable.seti", EDGE, RELOAD, self._asked)
            self._is_asked = True
            self._given_up_at = self._clock() + RELOADED_S

    def _hear(self, rpc: KamailioRpc) -> None:
        asked, code, words = self._reloaded(rpc)
        if asked != self._asked:
            if self._clock() >= self._given_up_at:
                self._tell_again(f"Kamailio did not read it within {RELOADED_S:g} s")
        elif code != DONE:
            self._tell_again(words)
        else:
            self._is_asked = self._is_to_tell = False
            log.info("edge.certificate_replaced")

    def _reloaded(self, rpc: KamailioRpc) -> tuple[int, int, str]:
        """Which time Kamailio has read them last, with what outcome, and its own words."""
        try:
            told = rpc.call("htable.get", EDGE, RELOADED)
        except RpcFailed as failure:
            if NO_SUCH_KEY not in str(failure):
                raise
            return 0, 0, ""
        asked, code, words = str(told["item"]["value"]).split(" ", 2)
        return int(asked), int(code), words

    def _tell_again(self, reason: str) -> None:
        self._is_asked = False
        self._again_at = self._clock() + AGAIN_S
        log.error(
            "edge.certificate_not_taken",
            reason=reason,
            effect=f"the one before goes on; Kamailio is told again in {AGAIN_S:g} s",
        )


def _authorities(settings: Settings, copies: Path) -> tuple[Path | None, bool]:
    """What others' certificates are judged by, and whether that is a folder."""
    if settings.sip_tls_ca is not None:
        place, fault = kept_authorities(settings.sip_tls_ca, "OFFHOOK_SIP_TLS_CA", copies)
        _say(fault)
        return place, False
    by_name = system_authorities_by_name()
    return by_name or system_authorities(), by_name is not None


def _say(fault: TlsFilesUnusable | None) -> None:
    if fault is not None:
        log.error("edge.certificate_not_taken", reason=str(fault), effect=FROM_THE_COPY)
