"""Certificates and keys in files: looked at before they are used, and again when they change."""

import re
import ssl
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509

from offhook.call.errors import OffhookError

SYSTEM_AUTHORITIES = (
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/ssl/cert.pem",
)
"""Where systems keep them, when Python's own OpenSSL does not know."""
SYSTEM_AUTHORITIES_BY_NAME = "/etc/ssl/certs"
_BY_NAME = re.compile(r"[0-9a-f]{8}\.0")


class TlsFilesUnusable(OffhookError):
    """A certificate or key cannot be used; the text names the setting, the file, and what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TlsFiles:
    """A certificate with its chain, and its key, as PEM files."""

    certificate: Path
    key: Path
    prefix: str = "OFFHOOK_TLS"
    """What the settings are called that name them."""

    def check(self, at: datetime | None = None) -> datetime:
        """See whether they can be read, fit together and are valid now; when the certificate ends.
        Raises TlsFilesUnusable."""
        now = at or datetime.now(UTC)
        leaf = self._leaf()
        end = leaf.not_valid_after_utc
        if end <= now:
            raise TlsFilesUnusable(
                f"{self.prefix}_CERT: the certificate in {self.certificate} expired on {end:%Y-%m-%d %H:%M} UTC; renew it"
            )
        if leaf.not_valid_before_utc > now:
            raise TlsFilesUnusable(
                f"{self.prefix}_CERT: the certificate in {self.certificate} is valid only from "
                f"{leaf.not_valid_before_utc:%Y-%m-%d %H:%M} UTC on; is this machine's clock right?"
            )
        self.context()
        return end

    def context(self) -> ssl.SSLContext:
        """A server's side of TLS 1.2 and later with them. Raises TlsFilesUnusable."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        _load(context, self)
        return context

    @property
    def mark(self) -> tuple[float, ...]:
        """Differs once a file was replaced or written to; of files that are gone it is empty."""
        try:
            looks = [path.stat() for path in (self.certificate, self.key)]
        except OSError:
            return ()
        return tuple(part for look in looks for part in (look.st_mtime, look.st_size, look.st_ino))

    def _leaf(self) -> x509.Certificate:
        certificates = read_certificates(self.certificate, f"{self.prefix}_CERT")
        return certificates[0]


def read_certificates(path: Path, setting: str) -> list[x509.Certificate]:
    """The certificates of a PEM file; at least one. Raises TlsFilesUnusable, which names the setting."""
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise TlsFilesUnusable(f"{setting}: {path} cannot be read: {error.strerror}") from None
    except ValueError:
        raise TlsFilesUnusable(
            f"{setting}: {path} has no certificate in it that can be read; it must be PEM "
            "(-----BEGIN CERTIFICATE-----)"
        ) from None


def system_authorities() -> Path | None:
    """The file with the authorities that this system trusts; None where none is found."""
    own = ssl.get_default_verify_paths().cafile
    for place in (own, *SYSTEM_AUTHORITIES):
        if place and Path(place).is_file():
            return Path(place)
    return None


def system_authorities_by_name() -> Path | None:
    """The folder where this system keeps them in files that are named as OpenSSL looks them up; None where there is none."""
    own = ssl.get_default_verify_paths().capath
    for place in (own, SYSTEM_AUTHORITIES_BY_NAME):
        if place and any(_BY_NAME.fullmatch(each.name) for each in Path(place).glob("*.0")):
            return Path(place)
    return None


def _load(context: ssl.SSLContext, files: TlsFiles) -> None:
    def no_password() -> str:
        raise TlsFilesUnusable(
            f"{files.prefix}_KEY: {files.key} asks for a password; write the key without one "
            "(openssl pkey -in key.pem -out plain.pem)"
        )

    try:
        context.load_cert_chain(files.certificate, files.key, no_password)
    except ssl.SSLError as error:
        if error.reason == "KEY_VALUES_MISMATCH":
            raise TlsFilesUnusable(
                f"{files.prefix}_KEY: the key in {files.key} does not belong to the certificate in {files.certificate}"
            ) from None
        raise TlsFilesUnusable(
            f"{files.prefix}_KEY: {files.key} has no private key in it that can be read; it must be PEM "
            f"(-----BEGIN PRIVATE KEY-----)"
        ) from None
    except OSError as error:
        raise TlsFilesUnusable(f"{files.prefix}_KEY: {files.key} cannot be read: {error.strerror}") from None
