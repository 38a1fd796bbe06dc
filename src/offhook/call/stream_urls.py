"""The URLs that streams lead to."""

from urllib.parse import urlsplit

LONGEST_URL = 2_048


def stream_url(text: str) -> str | None:
    """A ws or wss URL without its fragment, blanks around it and in it made good; None for what is none."""
    url = text.strip().replace(" ", "%20").partition("#")[0]
    try:
        parts = urlsplit(url)
        is_whole = parts.scheme.lower() in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        return None
    return url if is_whole and len(url) <= LONGEST_URL and url.isprintable() else None
