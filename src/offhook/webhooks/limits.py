"""How long a web application may take, and how much it may say."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookLimits:
    """Limits of one exchange, redirects included unless it says otherwise. All hold for the whole, not per read."""

    connect_s: float = 3.0
    """From resolving the name to an open connection; TLS may take as long again. Each redirect anew."""
    response_s: float = 6.0
    """Until the headers of the answer are there. Each redirect anew."""
    total_s: float = 10.0
    """Until an answer has arrived whole."""
    media_total_s: float = 15.0
    """Until a sound file has arrived whole."""
    document_bytes: int = 65_536
    """The longest answer, after decompression."""
    media_bytes: int = 20_000_000
    """The largest sound file."""
    leftover_s: float = 1.0
    """For the body of an answer whose status has said it all: an error, or the receipt of a notification."""
    redirects: int = 3
    """How many are followed."""
