"""Reads the parameters of a call to be made."""

import re
from collections.abc import Callable
from urllib.parse import parse_qsl

from offhook.call.resource_rows import ApplicationRow
from offhook.call.rows import RecordAll
from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.forms import Form
from offhook.rest.ports import NewCall, StatusEvent
from offhook.rest.restcomm.metadata import record_all
from offhook.verbs import Method, Target

ApplicationOf = Callable[[str], ApplicationRow | None]
"""The account's application with this sid; None where it has none. It may block."""

LONGEST_PARTY = 256
LONGEST_HEADER = 1024
MAX_HEADERS = 20
LONGEST_RING_S = 600
DEFAULT_RING_S = 60
LONGEST_CREDENTIAL = 128
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_SIP_URI = re.compile(r"""sips?:[^\s@<>"\x00-\x20\x7f?]*@?[^\s@<>"\x00-\x20\x7f?]+""", re.IGNORECASE)
_CLIENT = re.compile(r"""client:[^\s<>"?&\x00-\x20\x7f]+""", re.IGNORECASE)
_KEYS = re.compile("[0-9*#A-Dw]{1,64}", re.IGNORECASE)
_HEADER_NAME = re.compile(r"X-[A-Za-z0-9\-.!%*_+`'~]+", re.IGNORECASE)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f]")


def read_new_call(form: Form, account_sid: str, application_of: ApplicationOf) -> NewCall:
    """The call that a form asks for. Blocks where `application_of` does. Raises Refusal."""
    from_ = _from(form)
    to, sip_headers = _to(form)
    application = read_application(form, application_of)
    if application is None:
        raise invalid("Url is required.")
    username, password = _credentials(form)
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
        username=username,
        password=password,
        send_keys=_keys(form),
        record_all=_recording(form),
        metadata=forms.json_object(form, "Metadata"),
        not_done=_not_done(form),
    )


def read_application(form: Form, application_of: ApplicationOf) -> Target | None:
    """The application that `Url` or `ApplicationSid` names; None where neither is given. Blocks where `application_of`
    does. Raises Refusal."""
    application = forms.target(form, "Url", "Method")
    sid = form.get("ApplicationSid", "").strip()
    if not sid:
        return application
    if application is not None:
        raise invalid("Give Url or ApplicationSid, not both.")
    found = application_of(sid)
    if found is None:
        raise invalid(f"ApplicationSid: the account has no application {sid[:40]}.")
    if found.url is None:
        raise invalid(f"ApplicationSid: the application {sid} has no URL.")
    return Target(found.url, forms.method(form, "Method") or Method.POST)


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
    forms_of_it = (_NUMBER, _SIP_URI, _CLIENT)
    if len(text) > LONGEST_PARTY or not any(form_of_it.fullmatch(text) for form_of_it in forms_of_it):
        raise invalid(
            "To must be a number such as +15551234567, a SIP URI such as sip:ada@example.com, or a client such as "
            "client:ada."
        )
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


def _credentials(form: Form) -> tuple[str | None, str | None]:
    """What the far end may ask for; a name alone goes with an empty password. Raises Refusal."""
    username = forms.words(form, "Username", longest=LONGEST_CREDENTIAL)
    password = forms.words(form, "Password", longest=LONGEST_CREDENTIAL)
    if password is not None and username is None:
        raise invalid("Password is of use with a Username only.")
    return username, password


def _keys(form: Form) -> str:
    text = form.get("SendDigits", "").strip()
    if text and not _KEYS.fullmatch(text):
        raise invalid(
            "SendDigits must be up to 64 keys out of 0-9, *, #, A-D and w, which waits for half a second."
        )
    return text.upper().replace("W", "w")


def _recording(form: Form) -> RecordAll | None:
    """How the whole call is recorded: as `RecordAll` says, or else `Record`, which is mono. Raises Refusal."""
    asked = record_all(form)
    is_recorded = forms.truth(form, "Record")
    if asked is not None or is_recorded is None:
        return asked
    return RecordAll.MONO if is_recorded else RecordAll.NONE


def _not_done(form: Form) -> tuple[str, ...]:
    if not form.get("MachineDetection", "").strip():
        return ()
    return (
        "MachineDetection is not supported: the call is made, and nobody looks whether a machine answers.",
    )


def _status_events(form: Form) -> frozenset[StatusEvent]:
    """The events to tell; all where none is named."""
    names = [name for name in re.split(r"[\s,]+", form.get("StatusCallbackEvent", "")) if name]
    known = list(StatusEvent)
    if any(name not in known for name in names):
        raise invalid(
            f"StatusCallbackEvent must be some of {' '.join(known)}, separated by spaces or commas."
        )
    return frozenset(StatusEvent(name) for name in names) or frozenset(StatusEvent)
