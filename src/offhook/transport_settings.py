"""What an operator can set of the ways in: what SIP travels by, its certificates, and what audio is offered as."""

import re
from functools import cached_property
from pathlib import Path

from pydantic import Field, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from offhook.call.codecs import Codec, codecs_named
from offhook.call.ip_addresses import read_ip_address
from offhook.call.trunks import SipTransport, Srtp
from offhook.tls_files import TlsFiles, read_certificates

TRANSPORTS = tuple(SipTransport)


class TransportSettings(BaseSettings):
    """Part of `config.Settings`."""

    sip_tls_cert: Path | None = Field(
        None,
        description="Certificate of SIP over TLS: a PEM file, with the chain up to the authority. What replaces it counts "
        "for new connections, a few seconds later.",
    )
    sip_tls_key: Path | None = Field(
        None, validate_default=True, description="The private key that goes with it: a PEM file."
    )
    sip_tls_ca: Path | None = Field(
        None,
        description="Authorities that certificates of carriers and PBXs are judged by: a PEM file; those of the system unless "
        "set.",
    )
    sip_tls_verify: bool = Field(
        True, description="Whether a carrier's or PBX's certificate must be valid and name its host."
    )
    sip_tls_port: int = Field(
        5061,
        ge=0,
        le=65535,
        description="TCP port that SIP over TLS listens on; worker i without an edge takes this port + i.",
    )
    sip_transports: str = Field(
        "udp, tcp",
        description="What SIP listens on and calls by, comma-separated: udp, tcp, tls. TCP has the number of the UDP port; "
        "tls without a certificate of our own calls others, and nobody can call us by it.",
    )
    sip_host_ipv6: str | None = Field(
        None,
        description="IPv6 address that SIP and audio are bound to beside OFFHOOK_SIP_HOST, such as :: for all; none unless "
        "set.",
    )
    srtp: Srtp = Field(
        Srtp.OPTIONAL,
        description="Encrypted audio (SRTP) of calls that come in: off, optional (taken where it is offered), or required "
        "(calls without it get 488).",
    )
    codecs: str = Field(
        "PCMU, PCMA, G722, opus, GSM",
        description="Codecs in the order in which they are offered, comma-separated; no others are offered or taken. Those that "
        "the build of PJSIP lacks are left out.",
    )
    session_expires_s: int = Field(
        1800,
        ge=90,
        le=86400,
        description="Seconds after which a call is over unless either side refreshes it (RFC 4028), as we propose it.",
    )
    tls_cert: Path | None = Field(
        None,
        description="Certificate of REST: a PEM file, with the chain up to the authority. With it and its key REST speaks "
        "HTTPS alone. What replaces it counts for new connections.",
    )
    tls_key: Path | None = Field(
        None, validate_default=True, description="The private key that goes with it: a PEM file."
    )

    @field_validator("sip_transports")
    @classmethod
    def _known_transports(cls, value: str) -> str:
        names = tuple(part for part in re.split(r"[,\s]+", value.lower()) if part)
        unknown = [name for name in names if name not in TRANSPORTS]
        if unknown or not names:
            raise ValueError(
                f"{unknown[0] if unknown else 'nothing'} is no transport; write udp, tcp, tls or some of them"
            )
        return ", ".join(name for name in TRANSPORTS if name in names)

    @field_validator("sip_host_ipv6")
    @classmethod
    def _address_of_version_6(cls, value: str | None) -> str | None:
        if not value:
            return None
        try:
            address = read_ip_address(value.strip("[]"))
        except ValueError:
            address = None
        if address is None or address.version != 6:
            raise ValueError("write an IPv6 address without a scope, such as :: or 2001:db8::5")
        return str(address)

    @field_validator("srtp", mode="before")
    @classmethod
    def _srtp_in_any_case(cls, value: object) -> object:
        return value.lower() if isinstance(value, str) else value

    @field_validator("codecs")
    @classmethod
    def _known_codecs(cls, value: str) -> str:
        return ", ".join(codecs_named(value))

    @field_validator("tls_key", "sip_tls_key")
    @classmethod
    def _goes_with_a_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        prefix = str(info.field_name).removesuffix("_key")
        if (value is None) != (info.data.get(f"{prefix}_cert") is None):
            name = f"OFFHOOK_{prefix.upper()}"
            raise ValueError(f"{name}_CERT and {name}_KEY go together: set both, or none")
        return value

    @cached_property
    def transports(self) -> tuple[SipTransport, ...]:
        """What SIP listens on."""
        return tuple(SipTransport(name) for name in self.sip_transports.split(", "))

    @cached_property
    def sip_tls_files(self) -> TlsFiles | None:
        """Our certificate of SIP over TLS."""
        return _files(self.sip_tls_cert, self.sip_tls_key, "OFFHOOK_SIP_TLS")

    @cached_property
    def tls_files(self) -> TlsFiles | None:
        """The certificate of REST; None where it speaks plain HTTP."""
        return _files(self.tls_cert, self.tls_key, "OFFHOOK_TLS")

    def check_certificates(self) -> None:
        """See whether all that are set can be used. Raises TlsFilesUnusable."""
        if self.tls_files is not None:
            self.tls_files.check()
        if SipTransport.TLS in self.transports:
            if self.sip_tls_files is not None:
                self.sip_tls_files.check()
            if self.sip_tls_ca is not None:
                read_certificates(self.sip_tls_ca, "OFFHOOK_SIP_TLS_CA")

    @property
    def http_scheme(self) -> str:
        """What REST speaks: http or https."""
        return "http" if self.tls_cert is None else "https"

    @cached_property
    def codec_order(self) -> tuple[Codec, ...]:
        """Codecs in the order in which they are offered."""
        return codecs_named(self.codecs)


def _files(certificate: Path | None, key: Path | None, prefix: str) -> TlsFiles | None:
    if certificate is None or key is None:
        return None
    return TlsFiles(certificate=certificate, key=key, prefix=prefix)
