"""A customer's URL, taken apart once: where to connect, what to ask for, what to show."""

import base64
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from urllib.parse import parse_qsl, quote_plus, urljoin, urlsplit

import httpx2

from offhook.call.exchange import CREDENTIALS, without_credentials

DEFAULT_PORTS = {"http": 80, "https": 443}

LONGEST_REMEMBERED = 500
"""Characters of a URL that is not taken apart anew each time."""

_HOST = re.compile(r"[a-z0-9._-]+|[0-9a-f:.]+")
"""A name, an IPv4 address, or an IPv6 one without its brackets; zones such as %eth0 mean nothing to others."""
_PLAIN = re.compile(r"[A-Za-z0-9_.~-]*")


class UrlInvalid(Exception):
    """No http or https URL; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookUrl:
    """An absolute http or https URL, with international names and characters encoded for the wire."""

    text: str
    """The URL as a whole, credentials included, without a fragment."""
    scheme: str
    host: str
    port: int
    path_and_query: str
    host_header: str
    authorization: str | None
    """The value of a Basic Authorization header; None where the URL has no credentials."""

    @property
    def shown(self) -> str:
        """The URL without its credentials, for logs, messages and other people's eyes."""
        return without_credentials(self.text)

    @property
    def origin(self) -> tuple[str, str, int]:
        """Scheme, host and port: what credentials are good for."""
        return self.scheme, self.host, self.port

    @property
    def query(self) -> list[tuple[str, str]]:
        """The pairs of the query, decoded."""
        return parse_qsl(self.path_and_query.partition("?")[2], keep_blank_values=True)

    def target(self, parameters: tuple[tuple[str, str], ...]) -> str:
        """What a request line asks for: path and query, with `parameters` added to the query."""
        if not parameters:
            return self.path_and_query
        return self.path_and_query + ("&" if "?" in self.path_and_query else "?") + encode_form(parameters)

    def follow(self, location: str) -> "WebhookUrl":
        """Where a redirect from here leads. Credentials go along to the same origin only.

        Raises UrlInvalid for a URL that is none, and for a way from https to http.
        """
        try:
            is_absolute = bool(urlsplit(location).scheme)
            there = parse_url(location if is_absolute else urljoin(self.text, location))
        except ValueError as error:
            raise UrlInvalid(f"it redirects to what is no URL ({error})") from error
        if self.scheme == "https" and there.scheme == "http":
            raise UrlInvalid(f"it redirects from https to http ({there.shown}), which is not followed")
        if there.authorization is None and self.authorization is not None and there.origin == self.origin:
            found = CREDENTIALS.match(self.text)
            assert found is not None
            return parse_url(there.text.replace("//", f"//{found[2]}", 1))
        return there


def parse_url(text: str) -> WebhookUrl:
    """Take a URL apart. Raises UrlInvalid."""
    return _parsed_before(text) if len(text) <= LONGEST_REMEMBERED else _parsed(text)


def _parsed(text: str) -> WebhookUrl:
    try:
        url = httpx2.URL(text.partition("#")[0])
    except (httpx2.InvalidURL, UnicodeError) as error:
        raise UrlInvalid(f"this is no URL ({error})") from error
    if url.scheme not in DEFAULT_PORTS:
        raise UrlInvalid("this is no URL that can be asked; only http and https are supported")
    host = url.raw_host.decode("ascii")
    if not _HOST.fullmatch(host):
        raise UrlInvalid("this URL names no host" if not host else f"there is no host {host!r}")
    port = DEFAULT_PORTS[url.scheme] if url.port is None else url.port
    if not 0 < port < 65_536:
        raise UrlInvalid(f"there is no port {port}")
    return WebhookUrl(
        text=str(url),
        scheme=url.scheme,
        host=host,
        port=port,
        path_and_query=url.raw_path.decode("ascii"),
        host_header=url.netloc.decode("ascii"),
        authorization=_basic(url) if url.userinfo else None,
    )


# An application has few URLs, and each is asked in every call.
_parsed_before = lru_cache(maxsize=1_000)(_parsed)


def encode_form(pairs: Iterable[tuple[str, str]]) -> str:
    """The pairs as a form or a query. What is no character (half of a surrogate pair) becomes a question mark."""
    return "&".join(f"{_quoted(name)}={_quoted(value)}" for name, value in pairs)


def _quoted(text: str) -> str:
    # Most names and values stay as they are, which costs much less to see than to do.
    return text if _PLAIN.fullmatch(text) else quote_plus(text, errors="replace")


def _basic(url: httpx2.URL) -> str:
    return "Basic " + base64.b64encode(f"{url.username}:{url.password}".encode()).decode("ascii")
