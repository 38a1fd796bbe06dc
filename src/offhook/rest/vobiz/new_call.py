"""Reads the parameters of calls to be made."""

import re

from offhook.rest import forms
from offhook.rest.errors import invalid
from offhook.rest.ports import NewCall
from offhook.rest.vobiz.bodies import Fields, clamped, whole
from offhook.rest.vobiz.detection import read_detection
from offhook.rest.vobiz.language import LANGUAGE

MOST_DESTINATIONS = 1000
LONGEST_PARTY, LONGEST_NAME = 256, 50
RING_S, LONGEST_RING_S = 120, 600
CALL_S, LONGEST_CALL_S = 14_400, 86_400
_NUMBER = re.compile(r"\+?[0-9*#]{1,32}")
_DECORATION = re.compile(r"[\s().\-]")
_SIP_URI = re.compile(r"""sips?:[^\s@<>"?\x00-\x20\x7f]+(?:@[^\s@<>"?\x00-\x20\x7f]+)?""", re.IGNORECASE)
_KEYS = re.compile(r"(?:[0-9*#A-Da-dwW]|@[0-9]{1,5}){1,128}")
_HEADER_NAME = re.compile(r"[A-Za-z0-9\-]{1,64}")
_HEADER_VALUE = re.compile(r"[\x20-\x7e]{0,1024}")
_PREFIXES = ("x-vh-", "x-ph-")


def read_new_calls(body: Fields, account_sid: str) -> tuple[NewCall, ...]:
    """A call for each destination. Raises Refusal."""
    destinations = _destinations(body)
    from_ = _from(body)
    application = forms.target(body, "answer_url", "answer_method")
    if application is None:
        raise invalid("answer_url is required.")
    headers = read_sip_headers(body, "sip_headers")
    fallback = forms.target(body, "fallback_url", "fallback_method")
    hangup = forms.target(body, "hangup_url", "hangup_method")
    ring = forms.target(body, "ring_url", "ring_method")
    rings_s, keys, not_done = _ringing_s(body), _keys(body), _not_done(body)
    detection = read_detection(body)
    longest_s = clamped(body, "time_limit", least=1, most=LONGEST_CALL_S, default=CALL_S)
    caller_name = forms.words(body, "caller_name", longest=LONGEST_NAME)
    return tuple(
        NewCall(
            account_sid=account_sid,
            from_=from_,
            to=to,
            sip_headers=headers,
            application=application,
            fallback=fallback,
            status_callback=hangup,
            ring=ring,
            timeout_s=rings_s,
            send_keys=keys,
            not_done=not_done,
            language=LANGUAGE,
            longest_s=longest_s,
            caller_name=caller_name,
            detection=detection,
        )
        for to in destinations
    )


def read_keys(body: Fields, name: str) -> str:
    """Keys with their pauses as SendKeys has them: `w` waits for half a second, what follows an `@` is left out. Raises
    Refusal."""
    text = body.get(name, "").strip()
    if text and not _KEYS.fullmatch(text):
        raise invalid(f"{name} must be up to 128 keys out of 0-9, *, #, A-D, w (0.5 s) and W (1 s).")
    plain = re.sub("@[0-9]+", "", text)
    return "".join("ww" if key == "W" else "w" if key == "w" else key.upper() for key in plain)


def read_sip_headers(body: Fields, name: str) -> tuple[tuple[str, str], ...]:
    """Custom headers as `name=value` with commas between; their names get X-VH- unless they have it. Raises Refusal."""
    headers = []
    for pair in filter(None, (part.strip() for part in body.get(name, "").split(","))):
        header, equals, value = pair.partition("=")
        header, value = header.strip(), value.strip()
        if not equals or not _HEADER_NAME.fullmatch(header) or not _HEADER_VALUE.fullmatch(value):
            raise invalid(f"{name} must be name=value with commas between, such as Order=7,Desk=Ada.")
        has_prefix = header.lower().startswith(_PREFIXES)
        headers.append((header if has_prefix else f"X-VH-{header}", value))
    return tuple(headers)


def _from(body: Fields) -> str:
    text = _plain(forms.required(body, "from"))
    if len(text) > LONGEST_PARTY or re.search(r"""[\x00-\x20\x7f<>"]""", text):
        raise invalid("from must be a number, a name or a SIP URI without blanks.")
    return text


def _destinations(body: Fields) -> tuple[str, ...]:
    text = forms.required(body, "to")
    if "," in text:
        raise invalid("to: several destinations have < between them, not commas.")
    parts = [_plain(part) for part in text.split("<")]
    if len(parts) > MOST_DESTINATIONS:
        raise invalid(f"to must have at most {MOST_DESTINATIONS} destinations.")
    for part in parts:
        is_party = _NUMBER.fullmatch(part) or _SIP_URI.fullmatch(part)
        if not is_party or len(part) > LONGEST_PARTY:
            raise invalid(
                "to must be a number such as 15551234567, or a SIP URI such as sip:ada@example.com, or several with < "
                f"between them; {part[:60]!r} is neither."
            )
    return tuple(dict.fromkeys(parts))


def _plain(text: str) -> str:
    """A number without what people write between its digits; anything else as it is."""
    text = text.strip()
    bare = _DECORATION.sub("", text)
    return bare if _NUMBER.fullmatch(bare) else text


def _ringing_s(body: Fields) -> float:
    rings_s = clamped(body, "ring_timeout", least=1, most=LONGEST_RING_S, default=RING_S)
    if not body.get("hangup_on_ring", "").strip():
        return rings_s
    return min(rings_s, max(1, whole(body, "hangup_on_ring", least=0, most=LONGEST_CALL_S, default=0)))


def _keys(body: Fields) -> str:
    return read_keys(body, "send_digits")


def _not_done(body: Fields) -> tuple[str, ...]:
    """What was asked for and cannot be done. Raises Refusal."""
    if forms.truth(body, "send_on_preanswer"):
        return ("send_on_preanswer is not supported: send_digits are sent once the call is answered.",)
    return ()
