"""Draws a call: the far end, Offhook and the application as three lines, and what went between them, by time.

time s  far end              Offhook              application
 0.000  │── INVITE ─────────►│                    │  CSeq 1, from 192.0.2.7:5060
 0.004  │                    │── POST /voice ────►│  https://app.example/voice
 0.031  │                    │◄──── 200, 27 ms ───│  <Response><Gather …
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from offhook.call.discretion import HIDDEN
from offhook.cli.call_words import plain
from offhook.records.call_story import CallStory

LANE = 26
"""Characters between two lines."""
SHOWN_BODY, SHOWN_TEXT = 60, 160

SENTENCES = {
    "status": "the call is {status}",
    "verb_over": "{verb}: {outcome}",
    "taken": "taken to {url}",
    "sound": "plays {length_s} s: {label}",
    "played": "has played {length_s} s: {label}",
    "silenced": "silenced: {label}",
    "stream": "stream {change}",
    "partial": 'hears "{text}"',
    "notification": "{level} {code}: {message}",
    "one_way": "the far end is not heard ({what}): {received} packets came from it, {sent} were sent",
    "left_out": "… {events} events are left out here …",
    "ended": "the call is over: {status}",
}
"""Kinds of events that one sentence does for."""

PHRASES = {
    100: "Trying",
    180: "Ringing",
    183: "Session Progress",
    200: "OK",
    404: "Not Found",
    408: "Request Timeout",
    480: "Unavailable",
    486: "Busy Here",
    487: "Terminated",
    488: "Not Acceptable",
    500: "Server Error",
    503: "Unavailable",
    603: "Decline",
}
"""What ladders call the commonest SIP statuses."""

Facts = Mapping[str, Any]
Line = tuple[int, str, str, str]
"""When (milliseconds), what goes between the far end and Offhook, what between Offhook and the application, and words."""


def ladder(story: CallStory) -> Iterator[str]:
    """The lines of the drawing."""
    yield f"{'time s':>9}  {'far end':<{LANE}} {'Offhook':<{LANE}} application"
    lines = [line for at, kind, facts in story.events for line in _lines(at, kind, facts)]
    for at, left, right, words in sorted(lines, key=lambda line: line[0]):
        # A row without an arrow to the application tells of Offhook itself, over its lane.
        between = f"{right:<{LANE}}│  {words}" if right or left else f" {words}"
        yield f"{at / 1000:9.3f}  │{left:<{LANE}}│{between}".rstrip()


def arrow(text: str, *, to_the_right: bool) -> str:
    """An arrow that fills a lane, with a text on it."""
    text = plain(text)[: LANE - 6]
    line = "─" * (LANE - len(text) - 5)
    return f"── {text} {line}►" if to_the_right else f"◄{line} {text} ──"


def _lines(at: int, kind: str, facts: Facts) -> Iterator[Line]:
    match kind:
        case "sip":
            yield at, arrow(_sip_text(facts), to_the_right=facts["way"] == "in"), "", _sip_words(facts)
        case "webhook" | "callback_try":
            yield from _exchange(at, facts, _path(str(facts["url"])))
        case "callback":
            text = f"{facts['method']} {_path(str(facts['url']))}"
            yield at, "", "", f"callback {text}: {_delivery(facts)}"
        case _:
            yield at, "", "", _words(kind, facts)


def _exchange(at: int, facts: Facts, path: str) -> Iterator[Line]:
    took_ms = float(facts["took_ms"])
    again = f" #{facts['try']}" if facts.get("try", 1) != 1 else ""
    asked = arrow(f"{facts['method']} {path}"[: LANE - 6 - len(again)] + again, to_the_right=True)
    yield max(0, round(at - took_ms)), "", asked, plain(str(facts["url"]))[:SHOWN_TEXT]
    error = str(facts.get("error") or "").removeprefix(f"{facts['method']} {facts['url']}: ")
    shown = plain(" ".join((error or str(facts.get("body", ""))).split()))
    most = SHOWN_TEXT if error else SHOWN_BODY
    status = facts["status"] if facts["status"] is not None else "no answer"
    answer = arrow(f"{status}, {took_ms:.0f} ms", to_the_right=False)
    yield at, "", answer, shown if len(shown) <= most else f"{shown[:most]}…"


def _sip_text(facts: Facts) -> str:
    method, status = facts["method"], facts.get("status")
    if status is None:
        return str(method)
    named = f"{status} {PHRASES.get(status, '')}".strip()
    return named if method == "INVITE" else f"{named} ({method})"


def _sip_words(facts: Facts) -> str:
    if facts.get("status") is not None:
        return ""
    number = f"CSeq {facts['cseq']}, " if facts.get("cseq") is not None else ""
    return plain(f"{number}{'from' if facts['way'] == 'in' else 'to'} {facts['peer']}")


def _delivery(facts: Facts) -> str:
    tries = f"{facts['tries']} {'try' if facts['tries'] == 1 else 'tries'}"
    match facts["state"]:
        case "done":
            return f"answered {facts['last_status']} after {tries}"
        case "dead":
            return plain(f"given up after {tries}: {facts['last_error']}")
        case state:
            failed = f", last: {facts['last_error']}" if facts["last_error"] else ""
            return plain(f"{state}, {tries} so far{failed}")


def _words(kind: str, facts: Facts) -> str:
    known = {name: plain(str(value)) for name, value in facts.items() if value is not None}
    if not facts:
        return f"{kind.replace('_', ' ')} (what it was is forgotten by now)"
    if kind in SENTENCES:
        return SENTENCES[kind].format_map(defaultdict(str, known))
    match kind:
        case "verb":
            about = f" ({known['about']})" if known.get("about") else ""
            return f"{known['verb']}{about}" + (f", line {known['line']}" if "line" in known else "")
        case "key":
            name = "a key" if known["key"] == HIDDEN else f"key {known['key']}"
            return name + ("" if facts["is_heard"] else ", and nothing listens for keys")
        case "gather":
            return _gather_words(facts)
        case "media":
            return _media_words(known)
        case _:
            return " ".join([kind, *(f"{name}={value}" for name, value in known.items())])


def _gather_words(facts: Facts) -> str:
    heard = f"keys {facts['keys']}" if facts["keys"] else f'"{facts["speech"]}"' if facts["speech"] else ""
    words = ": ".join(str(part) for part in (heard, facts["reason"]) if part)
    left = (
        f"; heard by {facts['provider']}, not by {', '.join(facts['switches'])}"
        if "switches" in facts
        else ""
    )
    return plain(f"gather {facts['status']}{f': {words}' if words else ''}{left}")


def _media_words(known: Mapping[str, str]) -> str:
    trip = f", round trip {known['round_trip_ms']} ms" if "round_trip_ms" in known else ""
    return (
        f"audio ({known['codec']}): {known['received']} packets received, {known['lost']} lost, {known['discarded']} "
        f"too late, {known['sent']} sent, {known['lost_there']} lost there; jitter {known['jitter_ms']} ms, at most "
        f"{known['jitter_most_ms']} ms{trip}"
    )


def _path(url: str) -> str:
    rest = url.partition("://")[2]
    return "/" + rest.partition("/")[2].partition("?")[0]
