"""Addresses that carry their signature (Signature Version 4). https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv.html"""

import configparser
import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from urllib.parse import quote, urlsplit

ALGORITHM = "AWS4-HMAC-SHA256"
NO_PAYLOAD = hashlib.sha256(b"").hexdigest()


class NoCredentials(Exception):
    """There is nothing to sign with; the text says where it was looked for."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Whose requests these are."""

    key_id: str
    secret: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)


def find_credentials(environment: Mapping[str, str]) -> Credentials:
    """From the standard variables, else from the shared credentials file. Raises NoCredentials."""
    key_id, secret = environment.get("AWS_ACCESS_KEY_ID"), environment.get("AWS_SECRET_ACCESS_KEY")
    if key_id and secret:
        return Credentials(key_id, secret, environment.get("AWS_SESSION_TOKEN") or None)
    named = environment.get("AWS_SHARED_CREDENTIALS_FILE")
    path = Path(named) if named else Path(environment.get("HOME", "/")) / ".aws" / "credentials"
    profile = environment.get("AWS_PROFILE") or "default"
    profiles = configparser.RawConfigParser()
    try:
        profiles.read(path)
        of_profile = profiles[profile]
        return Credentials(
            of_profile["aws_access_key_id"],
            of_profile["aws_secret_access_key"],
            of_profile.get("aws_session_token"),
        )
    except (KeyError, configparser.Error, UnicodeDecodeError):
        raise NoCredentials(
            "no credentials of AWS: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or write them under "
            f"[{profile}] into {path}"
        ) from None


def presigned(
    url: str,
    query: Iterable[tuple[str, str]],
    credentials: Credentials,
    *,
    region: str,
    service: str,
    at: datetime,
    expires_s: int,
    payload_hash: str = NO_PAYLOAD,
) -> str:
    """`url` with `query` and a signature, good for a GET until `expires_s` after `at` (UTC)."""
    parts = urlsplit(url)
    stamp, day = at.strftime("%Y%m%dT%H%M%SZ"), at.strftime("%Y%m%d")
    scope = f"{day}/{region}/{service}/aws4_request"
    asked = [
        *query,
        ("X-Amz-Algorithm", ALGORITHM),
        ("X-Amz-Credential", f"{credentials.key_id}/{scope}"),
        ("X-Amz-Date", stamp),
        ("X-Amz-Expires", str(expires_s)),
        ("X-Amz-SignedHeaders", "host"),
    ]
    if credentials.session_token:
        asked.append(("X-Amz-Security-Token", credentials.session_token))
    written = "&".join(
        f"{name}={value}"
        for name, value in sorted((quote(n, safe="~"), quote(v, safe="~")) for n, v in asked)
    )
    request = f"GET\n{parts.path or '/'}\n{written}\nhost:{parts.netloc}\n\nhost\n{payload_hash}"
    to_sign = f"{ALGORITHM}\n{stamp}\n{scope}\n{hashlib.sha256(request.encode()).hexdigest()}"
    key = f"AWS4{credentials.secret}".encode()
    for part in (day, region, service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    signature = hmac.digest(key, to_sign.encode(), "sha256").hex()
    return f"{parts.scheme}://{parts.netloc}{parts.path or '/'}?{written}&X-Amz-Signature={signature}"
