"""Certificates in use, kept as copies: what becomes of their files while a server runs ends nothing that works with them.

A process that is started anew in a running server takes the last good copy where the files have expired or cannot be used. The copies
lie in the folder of the run, so a server that is started is told of such files.
"""

import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from offhook.tls_files import TlsFiles, TlsFilesUnusable, read_certificates

FOLDER_MODE, FILE_MODE = 0o700, 0o600
Found = TypeVar("Found")
FROM_THE_COPY = "the one before goes on, from a copy; replace the files, which are looked at again and again"


class KeptCertificate:
    """A certificate with its key, which are used from a copy that was seen to be good."""

    def __init__(self, files: TlsFiles, folder: Path | None) -> None:
        """`folder` outlives the process, and nobody else may look into it; without one the files themselves are used."""
        self._files = files
        self._copy = folder / f"{files.prefix}.pem" if folder is not None else None
        self._mark: tuple[float, ...] = ()
        self._told = ""

    @property
    def in_use(self) -> TlsFiles:
        """What to work with, once it was begun."""
        if self._copy is None:
            return self._files
        return replace(self._files, certificate=self._copy, key=self._copy)

    def begin(self) -> TlsFilesUnusable | None:
        """Take the files, or else the copy that is there from before: then what is wrong with the files is returned.
        Raises TlsFilesUnusable where there is no copy."""
        try:
            self._take()
        except TlsFilesUnusable as fault:
            if self._copy is None or not self._copy.exists():
                raise
            self._told = str(fault)
            return fault
        return None

    def renewed(self) -> datetime | None:
        """When the certificate ends that has just replaced the one in use; None where none has.
        Raises TlsFilesUnusable, once for each reason, where what lies there cannot be used (yet)."""
        if self._files.mark in (self._mark, ()):
            return None
        try:
            return self._take()
        except TlsFilesUnusable as fault:
            if str(fault) == self._told:
                return None
            self._told = str(fault)
            raise

    def _take(self) -> datetime:
        mark = self._files.mark
        end = self._files.check()
        if self._copy is not None:
            end = self._copied(self._copy)
        self._mark, self._told = mark, ""
        return end

    def _copied(self, copy: Path) -> datetime:
        """The files may be replaced between two looks at them, so what was read is looked at itself before it counts."""

        files, setting = self._files, f"{self._files.prefix}_CERT"

        def check(fresh: Path) -> datetime:
            try:
                return replace(files, certificate=fresh, key=fresh).check()
            except TlsFilesUnusable:
                raise TlsFilesUnusable(
                    f"{setting}: {files.certificate} or {files.key} was replaced while both were read"
                ) from None

        return _replace(copy, dict.fromkeys((files.certificate, files.key)), setting, check)


def kept_authorities(path: Path, setting: str, folder: Path | None) -> tuple[Path, TlsFilesUnusable | None]:
    """Where the authorities of a file are read from, and what is wrong with it where that is the copy from before.
    Raises TlsFilesUnusable, which names the setting, where there is none."""
    if folder is None:
        return path, None
    copy = folder / f"{setting}.pem"
    try:
        read_certificates(path, setting)
        _replace(copy, (path,), setting, lambda fresh: read_certificates(fresh, setting))
    except TlsFilesUnusable as fault:
        if not copy.exists():
            raise
        return copy, fault
    return copy, None


def _replace(copy: Path, sources: Iterable[Path], setting: str, check: Callable[[Path], Found]) -> Found:
    """Write a copy in one go, once it was looked at; what is found. Raises TlsFilesUnusable, which names the setting."""
    fresh = copy.with_name(f"{copy.name}.{os.getpid()}")
    try:
        text = b"\n".join(path.read_bytes() for path in sources)
    except OSError as error:
        raise TlsFilesUnusable(f"{setting}: {error.filename} cannot be read: {error.strerror}") from None
    try:
        copy.parent.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        with open(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, FILE_MODE), "wb") as file:
            file.write(text)
        found = check(fresh)
        fresh.replace(copy)
    except OSError as error:
        raise TlsFilesUnusable(f"{setting}: {copy} cannot be written: {error.strerror}") from None
    finally:
        with suppress(OSError):
            fresh.unlink(missing_ok=True)
    return found
