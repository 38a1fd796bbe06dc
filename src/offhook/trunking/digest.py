"""Digest authentication as whoever is asked for it answers (RFC 8760, RFC 7616): MD5, SHA-256 and SHA-512-256. Pure."""

import hashlib
import re
from collections.abc import Mapping

HASHES = {"sha-256": "sha256", "sha-512-256": "sha512_256", "md5": "md5"}
"""The algorithms that are answered, as hashlib has them; what is answered rather comes first."""
_PARAMETER = re.compile(r'(?<![A-Za-z0-9_-])([A-Za-z0-9_-]++)\s*+=\s*+(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
"""From where a name begins: a search that began anew at each of its letters would take seconds for a name without end."""


class ChallengeUnknown(ValueError):
    """Who asks for a password wants it proven in a way that is not known here."""


def read_challenge(value: str) -> Mapping[str, str]:
    """The parameters of a WWW-Authenticate or Proxy-Authenticate header, with lower-case names; empty for another scheme."""
    scheme, _, rest = value.strip().partition(" ")
    if scheme.lower() != "digest":
        return {}
    return {name.lower(): quoted or plain for name, quoted, plain in _PARAMETER.findall(rest)}


def best_challenge(values: tuple[str, ...]) -> Mapping[str, str]:
    """The challenge that can be answered best. Raises ChallengeUnknown."""
    found = {_algorithm(read): read for read in map(read_challenge, values) if read.get("nonce")}
    for name in HASHES:
        if name in found:
            return found[name]
    raise ChallengeUnknown(f"it asks for {', '.join(values) or 'nothing that is known'}")


def best_challenges(values: tuple[str, ...]) -> tuple[Mapping[str, str], ...]:
    """The best challenge of each realm that asks: each wants an answer. Raises ChallengeUnknown where none can be answered."""
    of_realms: dict[str, tuple[str, ...]] = {}
    for value in values:
        if (read := read_challenge(value)).get("nonce") and _algorithm(read) in HASHES:
            realm = read.get("realm", "")
            of_realms[realm] = (*of_realms.get(realm, ()), value)
    return tuple(map(best_challenge, of_realms.values())) or (best_challenge(values),)


def answer(
    challenge: Mapping[str, str], *, method: str, uri: str, username: str, password: str, client_nonce: str
) -> str:
    """The value of the Authorization header that answers a challenge."""
    name = _algorithm(challenge)
    realm, nonce = challenge.get("realm", ""), challenge["nonce"]

    def digest(text: str) -> str:
        return hashlib.new(HASHES[name], text.encode(), usedforsecurity=False).hexdigest()

    secret, asked = digest(f"{username}:{realm}:{password}"), digest(f"{method}:{uri}")
    has_quality = "auth" in re.split(r"[,\s]+", challenge.get("qop", ""))
    between = f"{nonce}:00000001:{client_nonce}:auth" if has_quality else nonce
    parts = [
        f'username="{_quoted(username)}"',
        f'realm="{_quoted(realm)}"',
        f'nonce="{_quoted(nonce)}"',
        f'uri="{uri}"',
        f'response="{digest(f"{secret}:{between}:{asked}")}"',
        f"algorithm={name.upper()}",
    ]
    if has_quality:
        parts += ["qop=auth", "nc=00000001", f'cnonce="{client_nonce}"']
    if "opaque" in challenge:
        parts.append(f'opaque="{_quoted(challenge["opaque"])}"')
    return f"Digest {', '.join(parts)}"


def _algorithm(challenge: Mapping[str, str]) -> str:
    return challenge.get("algorithm", "MD5").lower()


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
