"""What a process logs: one event a line, whoever wrote it and whatever came from outside; no secret in it."""

import json
import subprocess
import sys
from typing import Any

import pytest

CALL_ID = "0123456789abcdef" * 2
HOSTILE = '1000\r\n{"event": "forged"}\x1b[31m\x9b\u2028forged'
CANARY = "canary-7f3a"

PROGRAM = f"""
import logging, sys, threading
import structlog
from offhook import log

log.configure(level="info", as_json=sys.argv[1] == "json", process="worker-0")
logger = structlog.get_logger()

def hostile():
    logger.info("call.number_unknown", called={HOSTILE!r}, names=[{HOSTILE!r}])
    logging.getLogger("uvicorn.error").warning("Invalid %s", {HOSTILE!r})
    try:
        raise ValueError({HOSTILE!r})
    except ValueError:
        logger.exception("call.broke")

def call():
    structlog.contextvars.bind_contextvars(call_id="{CALL_ID}")
    logger.info("verb.finished", verb="gather")
    logging.getLogger("sqlalchemy").error("pool")

def named():
    logger.warning("callback.failed", call_id="{CALL_ID}")

def secrets():
    logger.info(
        "told",
        auth_token="{CANARY}",
        Authorization="Basic {CANARY}",
        deep={{"password": "{CANARY}", "list": [{{"secret_key": "{CANARY}"}}]}},
        url="https://bob:{CANARY}@app.example/a?token={CANARY}&step=2",
        why="GET http://{CANARY}@h/: refused; api_key: '{CANARY}', Authorization: Bearer {CANARY}",
    )
    try:
        raise RuntimeError("postgresql://offhook:{CANARY}@db/x is away, password={CANARY}")
    except RuntimeError:
        logger.exception("records.away")

def thread():
    def broken():
        raise RuntimeError("in a thread")
    one = threading.Thread(target=broken, name="recorder")
    one.start()
    one.join()

def broken():
    raise RuntimeError("nobody caught this")

globals()[sys.argv[2]]()
"""


def said(story: str, form: str = "json") -> list[str]:
    """The lines that a process writes to standard error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, form, story], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.stdout == ""
    return done.stderr.split("\n")[:-1]


def events(story: str) -> list[dict[str, Any]]:
    """The same, each read as JSON."""
    return [json.loads(line) for line in said(story)]


def test_a_line_begins_with_what_a_reader_looks_for() -> None:
    first, second = events("call")
    assert list(first)[:5] == ["ts", "level", "process", "event", "call_sid"]
    assert first["ts"].endswith("Z")
    assert (first["level"], first["process"], first["event"]) == ("info", "worker-0", "verb.finished")
    assert first["verb"] == "gather"
    assert (second["level"], second["event"], second["logger"]) == ("error", "pool", "sqlalchemy")


@pytest.mark.parametrize("story", ["call", "named"])
def test_every_line_about_a_call_has_its_sid(story: str) -> None:
    assert {event["call_sid"] for event in events(story)} == {f"CA{CALL_ID}"}


def test_what_came_from_outside_cannot_forge_a_line_of_json() -> None:
    told = events("hostile")
    assert [event["event"] for event in told] == [
        "call.number_unknown",
        f"Invalid {HOSTILE}",
        "call.broke",
    ]
    assert told[0]["called"] == HOSTILE
    assert not any(
        ord(letter) < 32 or 127 <= ord(letter) < 160 for line in said("hostile") for letter in line
    )


def test_what_came_from_outside_cannot_forge_a_line_for_people() -> None:
    lines = said("hostile", "text")
    begun = [line for line in lines if not line.startswith("    | ")]
    assert len(begun) == 3
    assert all("worker-0" in line for line in begun)
    assert not any("\x1b" in line or "\x9b" in line or "\u2028" in line for line in lines)
    assert any("\\u000d\\u000a" in line for line in begun)


@pytest.mark.parametrize("form", ["json", "text"])
def test_secrets_stay_inside(form: str) -> None:
    lines = "\n".join(said("secrets", form))
    assert CANARY not in lines
    assert lines.count("[redacted]") >= 9
    assert "app.example/a" in lines
    assert "step=2" in lines


def test_what_ends_a_process_or_a_thread_is_a_line_too() -> None:
    (ended,) = events("broken")
    assert (ended["level"], ended["event"]) == ("critical", "process.broke")
    assert "nobody caught this" in ended["exception"]
    (broken,) = events("thread")
    assert (broken["event"], broken["thread"]) == ("thread.broke", "recorder")


def test_a_long_line_without_secrets_is_looked_through_once() -> None:
    program = (
        "from offhook.log import redact\n"
        "for text in ('token' * 20000, 'a' * 100000, '://' * 30000, 'token=' * 20000, 'secret  ' * 12000):\n"
        "    redact(None, '', {'text': text})\n"
    )
    subprocess.run([sys.executable, "-c", program], timeout=60, check=True)
