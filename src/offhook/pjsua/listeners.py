"""What SIP listens on: UDP, TCP and TLS, over IPv4 and IPv6. Runs on the owner thread."""

import socket
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pjsua2 as pj
import structlog

from offhook.call.errors import OffhookError
from offhook.call.trunks import SipTransport
from offhook.kept_certificate import FROM_THE_COPY, KeptCertificate, kept_authorities
from offhook.pjsua.shut_port import shut_port
from offhook.tls_files import TlsFiles, TlsFilesUnusable, system_authorities

log = structlog.get_logger()

LOOPBACK = "127.0.0.1"
LOOK_EVERY_S = 1.0
"""How often certificate files are looked at for a change."""
AUTHORITIES = "OFFHOOK_SIP_TLS_CA"
"""The setting that names a file of them."""
NOT_OPEN = -1
"""Stands for the number of a listener that could not be opened anew."""
HANDSHAKE_MS = 10_000
"""How long the other side may take to agree on TLS."""
KINDS: Mapping[tuple[SipTransport, bool], int] = {
    (SipTransport.UDP, False): pj.PJSIP_TRANSPORT_UDP,
    (SipTransport.TCP, False): pj.PJSIP_TRANSPORT_TCP,
    (SipTransport.TLS, False): pj.PJSIP_TRANSPORT_TLS,
    (SipTransport.UDP, True): pj.PJSIP_TRANSPORT_UDP6,
    (SipTransport.TCP, True): pj.PJSIP_TRANSPORT_TCP6,
    (SipTransport.TLS, True): pj.PJSIP_TRANSPORT_TLS6,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsListening:
    """SIP over TLS."""

    port: int
    files: TlsFiles | None = None
    """Without them nobody can call us over TLS, and we can call others."""
    authorities: Path | None = None
    """Whose signature counts; those of the system unless given."""
    calls_from: str | None = None
    """The address of version 4 that calls go out from where there is no certificate; where SIP is bound unless given."""
    verifies: bool = True
    """Whether whoever we call must show a valid certificate that names its host."""
    copies: Path | None = None
    """A folder that outlives the process, where what is in use is kept; without it the files themselves are used."""


class ListenerFailed(OffhookError):
    """A port cannot be listened on; the text says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Listener:
    id: int
    transport: SipTransport
    host: str
    port: int


class Listeners:
    """All that one engine listens on."""

    def __init__(
        self, *, hosts: tuple[str, ...], port: int, public_address: str, tls: TlsListening | None
    ) -> None:
        """`hosts` are addresses, of version 6 those with a colon; a port of 0 takes a free one for each."""
        self._hosts = hosts
        self._port = port
        self._public_address = public_address
        self._tls = tls
        self._kept = (
            KeptCertificate(tls.files, tls.copies) if tls is not None and tls.files is not None else None
        )
        self._is_lost = False
        self._look_at = 0.0
        self._open: list[_Listener] = []
        self.bell = (LOOPBACK, 0)
        """A UDP address of ours on this machine."""

    def open(self, endpoint: pj.Endpoint, transports: tuple[SipTransport, ...]) -> None:
        """Listen. Raises ListenerFailed and TlsFilesUnusable."""
        self._endpoint = endpoint
        if SipTransport.TLS in transports:
            self._begin_certificates()
        if SipTransport.UDP not in transports:
            bell = self._listen(SipTransport.UDP, LOOPBACK, 0)
            self.bell = (LOOPBACK, bell.port)
        for host in self._hosts:
            for transport in transports:
                self._open.append(self._begin(transport, host))
                if transport is SipTransport.UDP and ":" not in host:
                    self.bell = (host, self._open[-1].port)

    def port_of(self, transport: SipTransport) -> int | None:
        """Where a transport listens; None where it does not."""
        return next((one.port for one in self._open if one.transport is transport), None)

    @property
    def ports(self) -> frozenset[int]:
        """All that is listened on."""
        return frozenset(one.port for one in self._open)

    def follow_files(self, at: float) -> None:
        """Listen anew with a certificate that was replaced. Connections that are there stay, with their calls."""
        if self._kept is None or at < self._look_at or self.port_of(SipTransport.TLS) is None:
            return
        self._look_at = at + LOOK_EVERY_S
        try:
            end = self._kept.renewed()
        except TlsFilesUnusable as fault:
            # Perhaps the one file is new and the other not yet: the certificate before stays, and is asked for again.
            log.warning("sip.certificate_not_taken", reason=str(fault))
            return
        if end is None and not self._is_lost:
            return
        self._is_lost = False
        self._open = [self._anew(one) if one.transport is SipTransport.TLS else one for one in self._open]
        if end is not None:
            log.info("sip.certificate_replaced", valid_until=end.isoformat(timespec="minutes"))

    def _begin_certificates(self) -> None:
        faults: list[TlsFilesUnusable | None] = []
        if self._kept is not None:
            faults.append(self._kept.begin())
        if self._tls is not None and self._tls.authorities is not None:
            place, fault = kept_authorities(self._tls.authorities, AUTHORITIES, self._tls.copies)
            self._tls = replace(self._tls, authorities=place)
            faults.append(fault)
        for each in faults:
            if each is not None:
                log.error("sip.certificate_not_taken", reason=str(each), effect=FROM_THE_COPY)

    def _anew(self, listener: _Listener) -> _Listener:
        if listener.id != NOT_OPEN:
            self._endpoint.transportClose(listener.id)
        try:
            return self._listen(listener.transport, listener.host, listener.port)
        except ListenerFailed as failure:
            self._is_lost = True  # and is tried again at the next look
            log.error("sip.listener_lost", reason=str(failure))
            return replace(listener, id=NOT_OPEN)

    def _begin(self, transport: SipTransport, host: str) -> _Listener:
        if transport is not SipTransport.TLS:
            return self._listen(transport, host, self.port_of(transport) or self._port)
        if self._tls is None or self._kept is None:
            return self._begin_without_certificate(host)
        return self._listen(transport, host, self.port_of(transport) or self._tls.port)

    def _begin_without_certificate(self, host: str) -> _Listener:
        """The library calls others over TLS only where it listens, and from that address: at a port that is shut."""
        if self._tls is not None and self._tls.calls_from is not None and ":" not in host:
            host = self._tls.calls_from
        listener = self._listen(SipTransport.TLS, host, 0)
        if not shut_port(listener.port):
            log.warning(
                "sip.tls_port_not_shut", port=listener.port, effect="who connects to it is shown nothing"
            )
        return listener

    def _listen(self, transport: SipTransport, host: str, port: int) -> _Listener:
        config = pj.TransportConfig()
        config.port = port
        config.boundAddress = host
        config.publicAddress = self._public_address if ":" not in host else ""
        if transport is SipTransport.TLS and self._tls is not None:
            _set_tls(config.tlsConfig, self._tls, self._kept.in_use if self._kept is not None else None)
            _check_free(host, port)
        try:
            number = self._endpoint.transportCreate(KINDS[transport, ":" in host], config)
        except pj.Error as error:
            raise ListenerFailed(_why(error, transport, host, port)) from error
        bound = self._endpoint.transportGetInfo(number).localName
        return _Listener(
            id=number, transport=transport, host=host, port=port or int(bound.rpartition(":")[2])
        )


def _set_tls(config: pj.TlsConfig, tls: TlsListening, files: TlsFiles | None) -> None:
    if files is not None:
        config.certFile = str(files.certificate)
        config.privKeyFile = str(files.key)
    authorities = tls.authorities or system_authorities()
    config.CaListFile = str(authorities) if authorities is not None else ""
    config.verifyServer = tls.verifies
    config.proto = pj.PJ_SSL_SOCK_PROTO_TLS1_2 | pj.PJ_SSL_SOCK_PROTO_TLS1_3
    config.enableRenegotiation = False
    config.msecTimeout = HANDSHAKE_MS


def _check_free(host: str, port: int) -> None:
    """Raises ListenerFailed. The library (2.17) says that it is ready for TLS where it could not bind the port."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if ":" in host:
            probe.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            words = error.strerror or str(error)
            raise ListenerFailed(_why_not(words, words, SipTransport.TLS, host, port)) from error


def _why(error: pj.Error, transport: SipTransport, host: str, port: int) -> str:
    return _why_not(error.reason, error.info(), transport, host, port)


def _why_not(reason: str, words: str, transport: SipTransport, host: str, port: int) -> str:
    name = "TCP" if transport is not SipTransport.UDP else "UDP"
    setting = "OFFHOOK_SIP_TLS_PORT" if transport is SipTransport.TLS else "OFFHOOK_SIP_PORT"
    if "in use" in reason.lower():
        return f"{name} port {port} on {host} is in use by another program; stop it or set {setting}"
    at = f"[{host}]" if ":" in host else host
    return f"SIP cannot listen on {at}:{port} over {transport.upper()}: {_what_to_do(words, host, setting)}"


def _what_to_do(words: str, host: str, port_setting: str) -> str:
    """What the system said, in words that name the setting; its own where they are none of the usual ones."""
    setting, all_of_them = ("OFFHOOK_SIP_HOST_IPV6", "::") if ":" in host else ("OFFHOOK_SIP_HOST", "0.0.0.0")
    right = f"set {setting} to one of its own, or to {all_of_them} for all of them"
    if "Cannot assign" in words:
        return f"{host} is no address of this machine; {right}"
    if "PJ_ERESOLVE" in words or "not known" in words or "No address" in words:
        return f"{host} is a name that leads to no address of this machine; {right}"
    if "Permission denied" in words:
        return f"the system keeps this port for programs with more rights; set {port_setting} to one from 1024 on"
    return words
