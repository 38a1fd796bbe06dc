"""Copies of certificates in use: what gets into one, and who may read it."""

from datetime import timedelta
from pathlib import Path, PosixPath

import pytest

from offhook.kept_certificate import KeptCertificate
from offhook.tls_files import TlsFiles, TlsFilesUnusable, read_certificates
from tests.sip.certificates import Authority, Pair


class ReplacedWhileRead(PosixPath):
    """A certificate's file that somebody replaces, with its key, after it was looked at and before it is copied."""

    replacing: tuple[Pair, Pair]
    looks: int

    def read_bytes(self) -> bytes:
        self.looks += 1
        if self.looks == 2:
            used, other = self.replacing
            used.write(other)
        return super().read_bytes()


def test_what_was_not_looked_at_is_not_taken(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    used, renewed = authority.issue("localhost"), authority.issue("localhost")
    expired = authority.issue("localhost", ends_in=timedelta(hours=-1))
    first = used.certificate.read_bytes()
    path = ReplacedWhileRead(used.certificate)
    path.looks, path.replacing = 2, (used, expired)
    kept = KeptCertificate(TlsFiles(certificate=path, key=used.key), tmp_path / "copies")
    assert kept.begin() is None
    used.write(renewed)
    path.looks = 0
    with pytest.raises(TlsFilesUnusable, match=r"^OFFHOOK_TLS_CERT: .* was replaced while both were read$"):
        kept.renewed()
    assert kept.in_use.certificate.read_bytes().startswith(first)
    with pytest.raises(TlsFilesUnusable, match="expired on"):
        kept.renewed()
    used.write(renewed)
    assert kept.renewed() is not None
    assert kept.in_use.check()


def test_one_file_for_both_is_copied_once_and_read_by_nobody_else(tmp_path: Path) -> None:
    pair, both, copies = Authority(tmp_path).issue("localhost"), tmp_path / "both.pem", tmp_path / "copies"
    both.write_bytes(pair.certificate.read_bytes() + pair.key.read_bytes())
    kept = KeptCertificate(TlsFiles(certificate=both, key=both), copies)
    assert kept.begin() is None
    assert len(read_certificates(kept.in_use.certificate, "the copy")) == 1
    assert copies.stat().st_mode & 0o777 == 0o700
    assert [(each.name, each.stat().st_mode & 0o777) for each in copies.iterdir()] == [
        ("OFFHOOK_TLS.pem", 0o600)
    ]
