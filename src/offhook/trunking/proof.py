"""Digest authentication as whoever asks for it reads and checks the answer (RFC 7616, RFC 8760; RFC 2617, and RFC 2069 without qop). Pure.

What can be read in two ways is not read at all.
"""

import hashlib
import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass

from offhook.call.resource_rows import SIP_REALM, PhoneLogin

MD5, SHA_256 = "md5", "sha-256"
QUALITY = "auth"
HASHES = {MD5: hashlib.md5, SHA_256: hashlib.sha256}
_PARAMETER = re.compile(
    r"[\s,]*([A-Za-z0-9_-]+)[ \t]*=[ \t]*(?:\"((?:[^\"\\]|\\.)*)\"|([^\s,\"]+))[ \t]*(?=,|$)", re.DOTALL
)
_COUNT = re.compile(r"[0-9A-Fa-f]{1,16}")
"""With a colon in it, it could be taken from what stands next to it, and be another one with the same response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What somebody answers to a challenge."""

    name: str
    nonce: str
    uri: str
    """What it was asked for, as the answer says it."""
    response: str
    algorithm: str
    quality: str
    """qop: `auth`, or empty as before RFC 2617."""
    count: str
    """nc; empty without qop, for which nobody vouches there."""
    client_nonce: str


def credentials_of(values: Iterable[str], algorithms: Iterable[str]) -> Credentials | None:
    """The first ones for our realm, of all Proxy-Authorization headers; None without any, and where they cannot be checked."""
    known = tuple(algorithms)
    for value in values:
        parameters = _parameters(value)
        if parameters is not None and parameters.get("realm") == SIP_REALM:
            return _credentials(parameters, known)
    return None


def is_right(credentials: Credentials, method: str, login: PhoneLogin) -> bool:
    """Whether they are of somebody who knows the password; it takes as long for a wrong one."""
    is_md5 = credentials.algorithm == MD5
    secret = login.ha1_md5 if is_md5 else login.ha1_sha256
    made = HASHES[credentials.algorithm]

    def digest(*parts: str) -> str:
        return made(":".join(parts).encode("utf-8", "surrogateescape"), usedforsecurity=False).hexdigest()

    asked = digest(method, credentials.uri)
    between = (
        (credentials.count, credentials.client_nonce, credentials.quality) if credentials.quality else ()
    )
    expected = digest(secret, credentials.nonce, *between, asked)
    given = credentials.response.lower().encode("utf-8", "surrogateescape")
    return hmac.compare_digest(expected.encode(), given)


def decoy() -> PhoneLogin:
    """What an unknown name is checked with: nobody has its password."""
    return PhoneLogin(login="", ha1_md5=secrets.token_hex(16), ha1_sha256=secrets.token_hex(32))


def challenge(nonce: str, algorithm: str, *, is_stale: bool) -> str:
    """The value of a Proxy-Authenticate header."""
    stale = ", stale=true" if is_stale else ""
    return (
        f'Digest realm="{SIP_REALM}", nonce="{nonce}", qop="{QUALITY}"{stale}, algorithm={algorithm.upper()}'
    )


def _credentials(parameters: dict[str, str], algorithms: tuple[str, ...]) -> Credentials | None:
    algorithm, quality = parameters.get("algorithm", MD5).lower(), parameters.get("qop", "")
    count = parameters.get("nc", "") if quality else ""
    is_counted = not quality or (quality == QUALITY and _COUNT.fullmatch(count) is not None)
    if algorithm not in algorithms or not is_counted:
        return None
    return Credentials(
        name=parameters.get("username", ""),
        nonce=parameters.get("nonce", ""),
        uri=parameters.get("uri", ""),
        response=parameters.get("response", ""),
        algorithm=algorithm,
        quality=quality,
        count=count,
        client_nonce=parameters.get("cnonce", ""),
    )


def _parameters(value: str) -> dict[str, str] | None:
    """The parameters of a Digest, as they are written; None for anything else, and where one stands there twice."""
    scheme, rest = value.strip()[:6], value.strip()[6:]
    if scheme.lower() != "digest" or not rest[:1].isspace():
        return None
    found: dict[str, str] = {}
    place = 0
    while place < len(rest):
        # One after the other from where the last one ended: a search would begin anew at each letter of what is none.
        parameter = _PARAMETER.match(rest, place)
        if parameter is None:
            return None if rest[place:].strip(" \t,") else found
        name, quoted, plain = parameter.groups()
        if name.lower() in found:
            return None
        found[name.lower()] = plain if quoted is None else quoted
        place = parameter.end()
    return found
