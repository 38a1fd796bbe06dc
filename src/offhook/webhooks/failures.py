"""Why an exchange failed: the notification's code, and words for the customer."""

import ssl
from http import HTTPStatus

from offhook.call.errors import Trouble
from offhook.webhooks.answer import AnswerDamaged
from offhook.webhooks.guard import AddressRefused, ConnectFailed, ConnectLate, HostUnknown
from offhook.webhooks.http1 import AnswerCutShort, ProtocolViolated
from offhook.webhooks.limits import WebhookLimits
from offhook.webhooks.url import UrlInvalid
from offhook.webhooks.wire import ConnectionBroke

INVALID_URL = 11100
BAD_STATUS = 11200
"""An answer with an error status other than 404."""
NO_ANSWER = 11205
"""No connection, a broken one, or no answer in time."""
PROTOCOL_VIOLATED = 11206
ADDRESS_REFUSED = 11210
TOO_MANY_REDIRECTS = 11215
TLS_FAILED = 11220
CERTIFICATE_INVALID = 11237
TOO_LARGE = 11750
NOT_FOUND = 21402

FINAL_CODES = frozenset({INVALID_URL, ADDRESS_REFUSED, TOO_MANY_REDIRECTS})
"""Failures that another try will not mend."""

EXPECTED = (
    UrlInvalid,
    AddressRefused,
    HostUnknown,
    AnswerDamaged,
    ConnectFailed,
    ConnectionBroke,
    ProtocolViolated,
    OSError,
)
"""What an exchange may end with, besides its own limits."""


def explain(error: Exception, limits: WebhookLimits) -> tuple[int, str]:
    """The code and the words for one of EXPECTED."""
    match error:
        case UrlInvalid():
            return INVALID_URL, str(error)
        case AddressRefused():
            return ADDRESS_REFUSED, f"webhooks may not go there: {error}"
        case HostUnknown():
            return NO_ANSWER, str(error)
        case AnswerDamaged():
            return PROTOCOL_VIOLATED, str(error)
        case ProtocolViolated():
            return PROTOCOL_VIOLATED, f"the answer is not proper HTTP ({error})"
        case ConnectLate():
            return NO_ANSWER, f"no connection within {limits.connect_s:g} s"
        case ConnectFailed():
            return _no_connection(error)
        case _:
            return NO_ANSWER, f"the connection broke ({_root(error)})"


def trouble(error: Exception, code: int) -> Trouble | None:
    """What kind of failure this is for those who may try again."""
    if isinstance(error, AnswerCutShort):
        return Trouble.NO_ANSWER
    if code != NO_ANSWER:
        return None
    return Trouble.NO_CONNECTION if isinstance(error, HostUnknown | ConnectFailed) else Trouble.NO_ANSWER


def status_code(status: int) -> int:
    """The code for an answer with an error status."""
    return NOT_FOUND if status == HTTPStatus.NOT_FOUND else BAD_STATUS


def status_words(status: int) -> str:
    """An HTTP status as people read it: `404 Not Found`."""
    try:
        return f"{status} {HTTPStatus(status).phrase}"
    except ValueError:
        return str(status)


def _no_connection(error: Exception) -> tuple[int, str]:
    root = _root(error)
    if isinstance(root, ssl.SSLCertVerificationError):
        return CERTIFICATE_INVALID, f"the server's certificate is not valid ({root.verify_message})"
    if isinstance(root, ssl.SSLError):
        return TLS_FAILED, f"the TLS handshake failed ({root.reason or root})"
    return NO_ANSWER, f"no connection ({root})"


def _root(error: BaseException) -> BaseException:
    """The first cause of `error`, which says more than what was made of it."""
    while (cause := error.__cause__ or error.__context__) is not None and str(cause):
        error = cause
    return error
