"""Where a worker's SIP and audio are bound, with and without an edge in front."""

from dataclasses import replace
from pathlib import Path

from offhook.call.ip_addresses import Network
from offhook.call.trunks import SipTransport
from offhook.config import LOOPBACK, Settings
from offhook.pjsua.build import Build, has_ipv6
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.listeners import TlsListening
from offhook.pjsua.silence import SilenceLimits

LOOPBACK_HOST = "127.0.0.1"
EVERY_HOST = "0.0.0.0"
LIBRARY_DEBUG_LEVEL = 4
PORTS_PER_CALL = 2
"""RTP and RTCP."""


def public_host(settings: Settings, build: Build) -> str:
    """Where the outside reaches SIP: what is set, else this machine only while a flood can abort the library."""
    return settings.sip_host or (LOOPBACK_HOST if build.asserts else EVERY_HOST)


def callers_allowed(settings: Settings) -> tuple[Network, ...]:
    """Whose calls a worker takes. An edge has judged the callers, and a worker behind it hears of nobody else."""
    return LOOPBACK if settings.edge != "none" else settings.callers_allowed


def engine_settings(
    settings: Settings, build: Build, worker_index: int, certificates: Path | None = None
) -> EngineSettings:
    """Where a worker's engine listens. Behind an edge its SIP stays on this machine; its audio never does.
    `certificates` is where copies of those in use are kept."""
    first, count = settings.worker_rtp_range(worker_index)
    host = public_host(settings, build)
    is_behind = settings.edge != "none"
    tls = _tls_outwards(settings, host) if is_behind else _tls(settings, worker_index)
    return EngineSettings(
        sip_host=LOOPBACK_HOST if is_behind else host,
        sip_port=settings.worker_sip_port(worker_index),
        rtp_host=host,
        rtp_first_port=first,
        rtp_ports=count,
        ipv6_host=settings.sip_host_ipv6 if not is_behind or has_ipv6(build) else None,
        transports=_behind(settings.transports) if is_behind else settings.transports,
        tls=replace(tls, copies=certificates) if tls is not None else None,
        srtp=settings.srtp,
        codecs=settings.codec_order,
        session_expires_s=settings.session_expires_s,
        public_address=settings.public_address,
        local_networks=settings.local_networks,
        proxy=f"sip:{LOOPBACK_HOST}:{settings.sip_port};lr" if is_behind else None,
        pins_sources=settings.sip_pin_sources,
        silence=SilenceLimits(talking_s=settings.media_timeout_s, on_hold_s=settings.media_timeout_hold_s),
        library_log_level=LIBRARY_DEBUG_LEVEL if settings.log_level == "debug" else 0,
    )


def fitted_to_ports(build: Build, rtp_ports: int) -> Build:
    """The build with no more call slots than there are audio ports for."""
    return replace(build, call_slots=max(1, min(build.call_slots, rtp_ports // PORTS_PER_CALL)))


def _behind(transports: tuple[SipTransport, ...]) -> tuple[SipTransport, ...]:
    """What a worker behind an edge speaks: UDP with the edge, and TLS with whom it calls."""
    return (SipTransport.UDP, *(each for each in transports if each is SipTransport.TLS))


def _tls_outwards(settings: Settings, host: str) -> TlsListening:
    return TlsListening(
        port=0, authorities=settings.sip_tls_ca, verifies=settings.sip_tls_verify, calls_from=host
    )


def _tls(settings: Settings, worker_index: int) -> TlsListening | None:
    if SipTransport.TLS not in settings.transports:
        return None
    return TlsListening(
        port=settings.sip_tls_port and settings.sip_tls_port + worker_index,
        files=settings.sip_tls_files,
        authorities=settings.sip_tls_ca,
        verifies=settings.sip_tls_verify,
    )
