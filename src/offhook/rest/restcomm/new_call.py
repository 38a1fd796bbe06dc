"""Reads the parameters of a call to be made."""

import re
from urllib.parse import parse_qsl

from offhook.rest.errors import invalid
from offhook.rest.ports import NewCall, StatusEvent
from offhook.rest.restcomm import forms
from offhook.rest.restcomm.forms import Form

LONGEST_PARTY = 256
LONGEST_HEADER = 1024
MAX_HEADERS = 20
LONGEST_RING_S = 600
DEFAULT_RING_S = 60
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_SIP_URI = re.compile(r"""sips?:[^\s@<>"\x00-\x20\x7f?]*@?[^\s@<>"\x00-\x20\x7f?]+""", re.IGNORECASE)
_HEADER_NAME = re.compile(r"X-[A-Za-z0-9\-.!%*_+`'~]+", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def read_new_call(form: Form, account_sid: str) -> NewCall:
    """The call that a form asks for. Raises Refusal."""
    from_ = _from(form)
    to, sip_headers = _to(form)
    forms.required(form, "Url")
    application = forms.target(form, "Url", "Method")
    assert application is not None
    return NewCall(
        account_sid=account_sid,
        from_=from_,
        to=to,
        sip_headers=sip_headers,
        application=application,
        fallback=forms.target(form, "FallbackUrl", "FallbackMethod"),
        status_callback=forms.target(form, "StatusCallback", "StatusCallbackMethod"),
        status_events=_status_events(form),
        timeout_s=forms.seconds(form, "Timeout", least=1, most=LONGEST_RING_S, default=DEFAULT_RING_S),
        metadata=forms.json_object(form, "Metadata"),
    )


def _from(form: Form) -> str:
    text = forms.required(form, "From")
    if len(text) > LONGEST_PARTY or _UNPRINTABLE.search(text) or any(mark in text for mark in ' <>"'):
        raise invalid(
            f"From must be a number, a name or a SIP URI of at most {LONGEST_PARTY} characters without "
            'spaces, <, > or ".'
        )
    return text


def _to(form: Form) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Whom to call, and the custom headers that follow a question mark."""
    text, mark, suffix = forms.required(form, "To").partition("?")
    is_known = len(text) <= LONGEST_PARTY and (_NUMBER.fullmatch(text) or _SIP_URI.fullmatch(text))
    if not is_known:
        raise invalid("To must be a number such as +15551234567, or a SIP URI such as sip:ada@example.com.")
    return text, _sip_headers(suffix) if mark else ()


def _sip_headers(suffix: str) -> tuple[tuple[str, str], ...]:
    try:
        pairs = parse_qsl(suffix, keep_blank_values=True, strict_parsing=True, max_num_fields=MAX_HEADERS)
    except ValueError:
        raise invalid(
            f"To may end in up to {MAX_HEADERS} custom headers, such as ?X-Order=7&X-Desk=Ada."
        ) from None
    for name, value in pairs:
        if not _HEADER_NAME.fullmatch(name):
            raise invalid("To: the name of a custom header must be a SIP token that begins with X-.")
        if _UNPRINTABLE.search(value) or len(value) > LONGEST_HEADER:
            raise invalid(
                f"To: the value of {name} must be a single line of at most {LONGEST_HEADER} characters."
            )
    return tuple(pairs)


def _status_events(form: Form) -> frozenset[StatusEvent]:
    """The events to tell; all where none is named."""
    names = [name for name in re.split(r"[\s,]+", form.get("StatusCallbackEvent", "")) if name]
    known = list(StatusEvent)
    if any(name not in known for name in names):
        raise invalid(
            f"StatusCallbackEvent must be some of {' '.join(known)}, separated by spaces or commas."
        )
    return frozenset(StatusEvent(name) for name in names) or frozenset(StatusEvent)
