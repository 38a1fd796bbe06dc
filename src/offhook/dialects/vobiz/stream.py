"""Stream: the call's audio over a WebSocket."""

import re

from offhook.call.exchange import without_credentials
from offhook.call.stream_urls import stream_url
from offhook.dialects.vobiz.attributes import Attributes, skip_children
from offhook.dialects.vobiz.codes import NOT_SERVED, RANGE, SCHEMA, UNUSABLE_URL
from offhook.dialects.xml_reading.reading import Reading, quoted
from offhook.dialects.xml_reading.xml import Element
from offhook.verbs import Coding, SoundFormat, Stream, Track

LANGUAGE = "vobiz"
"""The name under which `stream_talk` is found."""
LONGEST_S = 86_400
MOST_RETRIES = 10
LONGEST_HEADERS = 512
"""Bytes of extraHeaders."""

FORMATS = {
    "audio/x-l16;rate=8000": SoundFormat(),
    "audio/x-l16;rate=16000": SoundFormat(Coding.LINEAR, 16_000),
    "audio/x-mulaw;rate=8000": SoundFormat(Coding.MU_LAW),
}
_HEADER = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=\s*([A-Za-z0-9_ .:/@+%-]*?)\s*")

_ATTRIBUTES = (
    "bidirectional",
    "audioTrack",
    "streamTimeout",
    "contentType",
    "extraHeaders",
    "maxRetries",
    "keepCallAlive",
    "statusCallbackUrl",
    "statusCallbackMethod",
)


def read_stream(element: Element, reading: Reading) -> Stream | None:
    """A Stream with every default filled in; None, with a problem, where it leads nowhere."""
    attributes = Attributes(element, reading, *_ATTRIBUTES)
    skip_children(element, reading)
    url = _url(element, reading)
    if url is None:
        return None
    is_two_way = attributes.flag("bidirectional", default=False)
    return Stream(
        url=url,
        language=LANGUAGE,
        is_two_way=is_two_way,
        is_awaited=_is_awaited(attributes, is_two_way),
        track=_track(attributes, is_two_way),
        sound_format=_format(attributes),
        most_s=_most_s(attributes),
        told=_headers(attributes),
        retries=attributes.clamped("maxRetries", default=0, most=MOST_RETRIES),
        status_target=attributes.callback("statusCallbackUrl", "statusCallbackMethod"),
        line=element.line,
    )


def read_format(text: str) -> SoundFormat | None:
    """What a content type means, blanks and letters in any case; None for one that is not known."""
    return FORMATS.get(re.sub(r"\s", "", text).lower())


def headers_of(text: str) -> tuple[tuple[tuple[str, str], ...], bool]:
    """The pairs in a list of `name=value` with commas between, and whether all of it was such pairs within the limit."""
    if len(text.encode("utf-8", "replace")) > LONGEST_HEADERS:
        return (), False
    items = [item for item in text.split(",") if item.strip()]
    found = [_HEADER.fullmatch(item) for item in items]
    pairs = {match[1]: match[2] for match in found if match is not None}
    return tuple(pairs.items()), None not in found


def _url(element: Element, reading: Reading) -> str | None:
    text = element.own_text.strip()
    url = stream_url(text)
    if url is None:
        shown = quoted(without_credentials(text)) if text else "nothing"
        words = f"<Stream> leads to {shown}, which is no absolute ws or wss URL; it was skipped."
        reading.problem(UNUSABLE_URL, f"Line {element.line}: {words}", element)
    return url


def _is_awaited(attributes: Attributes, is_two_way: bool) -> bool:
    is_awaited = attributes.flag("keepCallAlive", default=False)
    if is_awaited and not is_two_way:
        attributes.bad(
            "keepCallAlive", 'possible without bidirectional="true"', "the next element runs at once", SCHEMA
        )
        return False
    return is_awaited


def _track(attributes: Attributes, is_two_way: bool) -> Track:
    track = Track(attributes.choice("audioTrack", tuple(Track), default=Track.INBOUND, code=SCHEMA))
    if is_two_way and track is not Track.INBOUND:
        attributes.bad("audioTrack", 'possible with bidirectional="true"', '"inbound" is used', SCHEMA)
        return Track.INBOUND
    return track


def _format(attributes: Attributes) -> SoundFormat:
    default = next(iter(FORMATS))
    value = attributes.text_or("contentType", default)
    found = read_format(value)
    if found is None:
        code = NOT_SERVED if value.lower().startswith("audio/x-l16") else SCHEMA
        wanted = " or ".join(quoted(name) for name in FORMATS)
        attributes.bad("contentType", wanted, f"{quoted(default)} is used", code)
    return found or FORMATS[default]


def _most_s(attributes: Attributes) -> float:
    if re.fullmatch(r"-[0-9]+|0+", attributes.text("streamTimeout") or ""):
        # The nearest that is allowed would be a second, which nobody wants.
        attributes.bad(
            "streamTimeout", f"a whole number from 1 to {LONGEST_S}", f"{LONGEST_S} is used", RANGE
        )
        return float(LONGEST_S)
    return float(attributes.clamped("streamTimeout", default=LONGEST_S, least=1, most=LONGEST_S))


def _headers(attributes: Attributes) -> tuple[tuple[str, str], ...]:
    text = attributes.text("extraHeaders") or ""
    pairs, is_good = headers_of(text)
    if not is_good:
        wanted = f"a list of name=value, in letters and digits, with commas between, of up to {LONGEST_HEADERS} bytes"
        too_long = len(text.encode("utf-8", "replace")) > LONGEST_HEADERS
        attributes.bad("extraHeaders", wanted, "what is none is left out", RANGE if too_long else SCHEMA)
    return pairs
