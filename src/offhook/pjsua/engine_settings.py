"""What an engine is told when it is made, and the library's configuration that follows from it."""

from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network

import pjsua2 as pj

from offhook.call.codecs import ORDER, Codec
from offhook.call.trunks import SipTransport, Srtp
from offhook.pjsua.accounts import PLAIN, SRTP_USE, MediaKind
from offhook.pjsua.build import Build
from offhook.pjsua.listeners import TlsListening
from offhook.pjsua.silence import NO_LIMITS, SilenceLimits
from offhook.speech.pcm import SAMPLE_RATE_HZ

SESSION_EXPIRES_S = 1800
"""What RFC 4028 recommends."""
MOST_PREFERRED = 255
CODEC_NAMES = {
    "PCMU/8000/1": Codec.PCMU,
    "PCMA/8000/1": Codec.PCMA,
    "G722/16000/1": Codec.G722,
    "opus/48000/2": Codec.OPUS,
}
CODEC_NAMES["GSM/8000/1"] = Codec.GSM


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineSettings:
    """Where the engine listens, and what it tells of itself."""

    sip_host: str
    sip_port: int
    """Of UDP and TCP; 0 takes free ones."""
    rtp_first_port: int
    rtp_ports: int
    """How many ports from the first on; a call takes two."""
    rtp_host: str | None = None
    """Where audio is bound; the address of SIP unless given."""
    ipv6_host: str | None = None
    """Where SIP and audio are bound as well; an address of version 6, without brackets."""
    transports: tuple[SipTransport, ...] = (SipTransport.UDP,)
    """What SIP listens on and calls by."""
    tls: TlsListening | None = None
    """Of SIP over TLS; without it nobody can call us by that, though we can call others."""
    srtp: Srtp = Srtp.OPTIONAL
    """Encrypted audio of calls that come in: whether they may have it. That they must is for whoever refuses to say."""
    codecs: tuple[Codec, ...] = ORDER
    """In the order of preference; no others are offered or taken."""
    public_address: str | None = None
    """What SDP says instead of the bound address; Contact too, unless calls go through a proxy."""
    local_networks: tuple[IPv4Network | IPv6Network, ...] = ()
    """To whom the bound address is told all the same."""
    proxy: str | None = None
    """SIP URI of the proxy in front, which calls that are made go through, but for those over TLS: `sip:host:port;lr`."""
    pins_sources: bool = True
    """Whether requests of a call are taken only from addresses that have to do with its far end."""
    silence: SilenceLimits = NO_LIMITS
    """How long a far end may send nothing before its call is ended."""
    session_expires_s: int = SESSION_EXPIRES_S
    """After which a call is over unless it is refreshed (RFC 4028), as we propose it."""
    user_agent: str = "Offhook"
    library_log_level: int = 0
    """How much PJSIP itself prints: 0 nothing, 4 each message. What goes wrong is told as errors anyway."""

    @property
    def hosts(self) -> tuple[str, ...]:
        """All addresses that SIP is bound to; behind a proxy only that which the proxy knows."""
        if self.ipv6_host is None or self.proxy is not None:
            return (self.sip_host,)
        return self.sip_host, self.ipv6_host


def endpoint_config(settings: EngineSettings, build: Build) -> pj.EpConfig:
    """The library's own configuration."""
    config = pj.EpConfig()
    config.logConfig.level = config.logConfig.consoleLevel = settings.library_log_level
    config.uaConfig.maxCalls = build.call_slots
    config.uaConfig.threadCnt = 0
    config.uaConfig.mainThreadOnly = True
    config.uaConfig.userAgent = settings.user_agent
    config.medConfig.clockRate = config.medConfig.sndClockRate = SAMPLE_RATE_HZ
    config.medConfig.noVad = True
    config.medConfig.ecTailLen = 0
    config.medConfig.sndAutoCloseTime = -1
    config.medConfig.maxMediaPorts = max(254, 4 * build.call_slots)
    return config


def account_config(
    settings: EngineSettings, own_host: str, kind: MediaKind = PLAIN, *, listens_at: str | None = None
) -> pj.AccountConfig:
    """An account's configuration; `own_host` is `host:port` as our addresses have it, `listens_at` the same of what takes
    connections, where Contact is to name that."""
    config = pj.AccountConfig()
    config.idUri = f"sip:offhook@{own_host}"
    if settings.proxy and not kind.is_past_proxy:
        config.sipConfig.proxies.append(settings.proxy)
    config.callConfig.timerSessExpiresSec = settings.session_expires_s
    config.mediaConfig.srtpUse = SRTP_USE[kind.srtp]
    config.mediaConfig.srtpSecureSignaling = 0  # whom to trust with the keys is the operator's affair
    rtp = config.mediaConfig.transportConfig
    rtp.port = settings.rtp_first_port
    rtp.portRange = settings.rtp_ports - 1  # the library takes first + range for a port of ours too
    # A build that knows of IPv6 would ask for addresses of both kinds, and take the one that is not bound.
    only = {True: pj.PJSUA_IPV6_ENABLED_USE_IPV6_ONLY, False: pj.PJSUA_IPV6_DISABLED}
    config.sipConfig.ipv6Use = only[kind.is_signalled_by_ipv6]
    config.mediaConfig.ipv6Use = only[kind.is_ipv6]
    if kind.is_ipv6:
        rtp.boundAddress = settings.ipv6_host or ""
    else:
        rtp.boundAddress = settings.rtp_host or settings.sip_host
        rtp.publicAddress = settings.public_address or ""
    if kind.inner is not None:
        rtp.publicAddress = kind.inner.address
        if not settings.proxy:
            config.sipConfig.contactForced = _contact(own_host, kind.inner.transport)
    elif listens_at is not None:
        config.sipConfig.contactForced = _contact(listens_at, kind.by)
    # Else the library looks up and connects to whoever it makes a Contact for, a caller's too, before it asks anybody there.
    config.natConfig.contactUseSrcPort = kind.by is SipTransport.TLS and listens_at is None
    return config


def _contact(at: str, transport: SipTransport) -> str:
    over = "" if transport is SipTransport.UDP else f";transport={transport}"
    return f"<sip:offhook@{at}{over}>"


def set_codecs(endpoint: pj.Endpoint, codecs: tuple[Codec, ...]) -> None:
    """Offer these alone, as far as the build has them."""
    for codec in endpoint.codecEnum2():
        name = CODEC_NAMES.get(codec.codecId)
        priority = MOST_PREFERRED - codecs.index(name) if name in codecs else 0
        endpoint.codecSetPriority(codec.codecId, priority)
