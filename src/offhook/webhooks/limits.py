"""How long a web application may take, and how much it may say."""

from dataclasses import dataclass, replace

from offhook.call.url_terms import NO_TERMS, terms_of
from offhook.verbs import Request, TryPolicy


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

    def of(self, request: Request) -> "WebhookLimits":
        """These limits as they hold for a request: what its language says of them takes their place."""
        policy = request.policy
        if policy is None:
            return self.on(terms_of(request.target.url))
        total_s = policy.total_s or self.total_s
        return replace(
            self,
            connect_s=min(policy.connect_s or self.connect_s, total_s),
            response_s=min(policy.answer_s or self.response_s, total_s),
            total_s=total_s,
            document_bytes=policy.most_bytes or self.document_bytes,
        )

    def on(self, terms: TryPolicy) -> "WebhookLimits":
        """These limits as a URL's own terms change them: it may be waited for longer or shorter, within `total_s`."""
        if terms is NO_TERMS:
            return self
        total_s = min(self.total_s, terms.total_s or self.total_s)
        return replace(
            self,
            connect_s=min(terms.connect_s or self.connect_s, total_s),
            response_s=min(terms.answer_s or self.response_s, total_s),
            total_s=total_s,
        )
