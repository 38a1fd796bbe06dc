"""SIP over TLS at Kamailio: what its module `tls` is told. Pure.

The module is a package of its own (`kamailio-tls-modules` in Debian), so it is loaded only where there is a certificate.
"""

from dataclasses import dataclass
from pathlib import Path

NAME = "tls.so"
MISSING = "could not find module <tls>"
"""How Kamailio says so."""
ABSENT = (
    "SIP over TLS needs Kamailio's module tls, which is not installed: install Debian's package "
    "(apt-get install kamailio-tls-modules), or unset OFFHOOK_SIP_TLS_CERT and OFFHOOK_SIP_TLS_KEY"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeTls:
    """Certificates, and where Kamailio finds what it is told of them."""

    port: int
    certificate: Path
    key: Path
    authorities: Path
    """What the certificates of carriers and PBXs that we call are judged by."""
    are_by_name: bool = False
    """Whether these are a folder that OpenSSL looks into by their names, not a file: the 140 of a system take each of Kamailio's
    processes half a second to read, and 3 MB."""
    verifies: bool
    config_file: Path

    @property
    def text(self) -> str:
        """The content of `config_file`."""
        verify = "yes" if self.verifies else "no"
        authorities = "ca_path" if self.are_by_name else "ca_list"
        return "\n".join(
            (
                "[server:default]",
                "method = TLSv1.2+",
                "verify_certificate = no",
                "require_certificate = no",
                f"certificate = {_plain(self.certificate)}",
                f"private_key = {_plain(self.key)}",
                "",
                "[client:default]",
                "method = TLSv1.2+",
                f"verify_certificate = {verify}",
                f"require_certificate = {verify}",
                f"{authorities} = {_plain(self.authorities)}",
                "",
            )
        )

    @property
    def lines(self) -> tuple[str, ...]:
        """What kamailio.cfg says before anything else."""
        return (
            "enable_tls=yes",
            f'loadmodule "{NAME}"',
            f'modparam("tls", "config", "{_plain(self.config_file)}")',
            # Its own is 600 s, which would go before the one of modules.cfg.
            'modparam("tls", "connection_timeout", 20)',
        )


def _plain(path: Path) -> str:
    """A path as the module reads it, which ends a value at a blank or a semicolon."""
    text = str(path)
    if set(text) & set("\"'\\\n ;#"):
        raise ValueError(f"{text!r} cannot be written into a Kamailio configuration: choose a plainer path")
    return text
