"""What our own requests name as Contact over TCP and TLS: where we listen, and not the connection that they go by.

The library would name the connection's own port, where nobody listens once it is closed; or it names the listener's port, with the address
that leads to whoever is called, which the public one is not.
"""

from collections.abc import Callable

from offhook.call.ip_addresses import is_ip_address
from offhook.call.trunks import SipTransport
from offhook.pjsua.accounts import MediaKind
from offhook.pjsua.engine_settings import EngineSettings
from offhook.pjsua.sip_uris import goes_past_proxy, is_ipv6, transport_of

EVERY_HOST = ("0.0.0.0", "::")


def told_of(settings: EngineSettings, uri: str) -> SipTransport:
    """What a request to a SIP URI goes by, where its Contact is to name more of that than the library finds out; else UDP."""
    transport = transport_of(uri)
    if transport not in (SipTransport.TCP, SipTransport.TLS) or (settings.proxy and not goes_past_proxy(uri)):
        return SipTransport.UDP
    by = SipTransport(transport)
    return by if _is_shut(settings, by) or _host(settings, is_of_ipv6=is_ipv6(uri)) else SipTransport.UDP


def listens_at(
    settings: EngineSettings, kind: MediaKind, port_of: Callable[[SipTransport], int | None]
) -> str | None:
    """`host:port` that Contact is to name in such calls; None leaves it to the library."""
    if kind.by is SipTransport.UDP or _is_shut(settings, kind.by):
        return None
    host, port = _host(settings, is_of_ipv6=kind.is_signalled_by_ipv6), port_of(kind.by)
    if host is None or port is None:
        return None
    return f"{f'[{host}]' if ':' in host else host}:{port}"


def _host(settings: EngineSettings, *, is_of_ipv6: bool) -> str | None:
    """None where it takes a look at the way to whoever is called to know."""
    if settings.public_address and not is_of_ipv6:
        return settings.public_address
    bound = (settings.ipv6_host if is_of_ipv6 else settings.sip_host) or ""
    return bound if is_ip_address(bound) and bound not in EVERY_HOST else None


def _is_shut(settings: EngineSettings, by: SipTransport) -> bool:
    """Whether nobody can connect to us, but for whom we have connected to: over TLS that takes a certificate of ours, and
    behind a proxy others know the proxy's address alone."""
    has_certificate = settings.tls is not None and settings.tls.files is not None
    return settings.proxy is not None or (by is SipTransport.TLS and not has_certificate)
