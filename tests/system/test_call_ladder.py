"""The drawing of a call: every kind of event has its words, and nothing from outside reaches the terminal as it is."""

from datetime import UTC, datetime
from typing import Any

import pytest

from offhook.call.info import CallStatus, Direction
from offhook.call.rows import CallRow
from offhook.cli.call_ladder import LANE, arrow, ladder
from offhook.records.call_story import CallStory

NOON = datetime(2026, 3, 9, 12, tzinfo=UTC)
CALL = CallRow(
    call_id=32 * "a",
    account_sid="AC" + 32 * "0",
    instance_id=32 * "b",
    direction=Direction.INBOUND,
    from_="+15550100",
    to="1000",
    status=CallStatus.COMPLETED,
    date_created=NOON,
    date_updated=NOON,
    start_time=NOON,
)
CALLBACK = {"callback_id": "1", "method": "POST", "url": "http://app.example/state"}


def drawn(*events: tuple[int, str, dict[str, Any]]) -> list[str]:
    story = CallStory(call=CALL, began_at=NOON, has_timeline=True, events=events, why="")
    return list(ladder(story))[1:]


@pytest.mark.parametrize(
    ("kind", "facts", "words"),
    [
        ("sip", {"way": "out", "method": "INVITE", "status": 199}, "◄────────────────── 199 ──"),
        ("sip", {"way": "in", "method": "BYE", "cseq": 2, "peer": "10.0.0.1:5060"}, "CSeq 2, from 10.0.0.1"),
        ("sip", {"way": "out", "method": "BYE", "peer": "10.0.0.1:5060"}, "│  to 10.0.0.1:5060"),
        ("status", {"status": "ringing"}, "the call is ringing"),
        ("verb", {"verb": "Gather", "line": 3, "about": "keys"}, "Gather (keys), line 3"),
        ("verb_over", {"verb": "Say", "outcome": "done"}, "Say: done"),
        ("sound", {"label": "Hello", "length_s": 1.5}, "plays 1.5 s: Hello"),
        ("silenced", {"label": "Hello"}, "silenced: Hello"),
        ("key", {"key": "5", "is_heard": False}, "key 5, and nothing listens for keys"),
        ("partial", {"text": "sal"}, 'hears "sal"'),
        ("gather", {"status": "completed", "keys": "", "speech": "hi", "reason": ""}, 'completed: "hi"'),
        ("notification", {"level": "error", "code": 11200, "message": "no"}, "error 11200: no"),
        ("left_out", {"events": 7}, "7 events are left out"),
        ("ended", {"status": "completed"}, "the call is over: completed"),
        ("key", {}, "key (what it was is forgotten by now)"),
        ("verb", {}, "verb (what it was is forgotten by now)"),
        ("something_new", {"a": 1}, "something_new a=1"),
        (
            "callback",
            {**CALLBACK, "state": "pending", "tries": 0, "last_error": ""},
            "pending, 0 tries so far",
        ),
        ("callback", {**CALLBACK, "state": "dead", "tries": 1, "last_error": "x"}, "given up after 1 try: x"),
    ],
)
def test_each_event_has_its_words(kind: str, facts: dict[str, Any], words: str) -> None:
    [line] = drawn((1_500, kind, facts))
    assert line.startswith("    1.500  │")
    assert words in line


def test_a_webhook_is_drawn_when_it_was_asked_and_when_it_answered() -> None:
    facts = {"method": "GET", "url": "http://a/b?c=d", "status": None, "took_ms": 400.0, "try": 2}
    asked, answered = drawn((1_000, "webhook", {**facts, "error": "GET http://a/b?c=d: nobody is there"}))
    assert asked.startswith("    0.600")
    assert "── GET /b #2 ──" in asked
    assert "no answer, 400 ms" in answered
    assert answered.endswith("│  nobody is there")


def test_arrows_fill_their_lane_whatever_stands_on_them() -> None:
    for text in ("", "x", "INVITE", "x" * 200):
        for to_the_right in (True, False):
            assert len(arrow(text, to_the_right=to_the_right)) == LANE


def test_what_comes_from_outside_cannot_move_the_cursor() -> None:
    body = "\x1b[2J\r\nfake line\x07\u202e"
    facts = {"method": "POST", "url": f"http://a/{body}", "status": 200, "took_ms": 1.0, "body": body}
    lines = drawn((1, "webhook", facts), (2, "sound", {"label": body, "length_s": 1}))
    assert len(lines) == 3
    assert all(line.isprintable() for line in lines)
