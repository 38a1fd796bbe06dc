"""Structured logs on standard error: one event a line, past tense, with fields; never digits, speech or secrets.

A line has `ts`, `level`, `process` and `event` first, then `call_sid` where it is about a call, then the rest. What came
from outside cannot begin a line of its own: control characters are escaped. What other libraries log through
Python's own logging, and what ends the process, comes in the same form.
"""

import logging
import re
import sys
import threading
from functools import lru_cache
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"
_FIRST = ("ts", "level", "process", "event", "call_sid")
_SECRET_NAME = re.compile("token|passw|secret|authorization|credential|api_?key|cookie", re.IGNORECASE)
_URL_CREDENTIALS = re.compile(r"(://)[^\s/?#@\"']+@")
_SECRET_IN_TEXT = re.compile(
    r"""((?:(?:token|passw(?:or)?d|secret|api_?key)[\w-]{0,20}|authorization)["']?\s{0,3}[=:]\s{0,3})"""
    r"""("[^"]*"|'[^']*'|(?:(?:basic|bearer|digest)\s{1,3})?[^\s&,;"')\]}]+)""",
    re.IGNORECASE,
)
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029]")
_CALL_ID = re.compile("[0-9a-f]{32}")


def configure(*, level: str, as_json: bool, process: str) -> None:
    """Set logging up for one process. `process` names it on each line."""
    number = logging.getLevelNamesMapping().get(level.upper(), logging.INFO)
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True, key="ts"),
            structlog.processors.format_exc_info,
            _Sorted(process),
            redact,
            *((structlog.processors.JSONRenderer(),) if as_json else (_escape, _for_people())),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    logging.basicConfig(level=max(number, logging.WARNING), handlers=[_FromLibraries()], force=True)
    sys.excepthook = _broke
    threading.excepthook = _thread_broke


def redact(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """What is secret, by its field's name or by its looks, is left out."""
    return {name: _clean(name, value) for name, value in event.items()}


def _clean(name: str, value: Any) -> Any:
    if value is None or isinstance(value, bool | int | float):
        return value
    if _is_secret(name):
        return REDACTED
    if isinstance(value, dict):
        return {str(key): _clean(str(key), its) for key, its in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean("", its) for its in value]
    text = value if isinstance(value, str) else repr(value)
    if "@" in text:
        text = _URL_CREDENTIALS.sub(rf"\1{REDACTED}@", text)
    if "=" in text or ":" in text:
        text = _SECRET_IN_TEXT.sub(rf"\1{REDACTED}", text)
    return text


@lru_cache(maxsize=1024)
def _is_secret(name: str) -> bool:
    return _SECRET_NAME.search(name) is not None


class _Sorted:
    """Names the process and the call, and puts first what a reader looks for first."""

    def __init__(self, process: str) -> None:
        self._process = process

    def __call__(self, _logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
        """The event in its order."""
        event.setdefault("process", self._process)
        call_id = event.get("call_id")
        if call_id is None:
            event.pop("call_id", None)
        elif isinstance(call_id, str) and _CALL_ID.fullmatch(call_id):
            event["call_sid"] = f"CA{call_id}"
        return {
            **{name: event[name] for name in _FIRST if name in event},
            **{name: value for name, value in event.items() if name not in _FIRST},
        }


def _escape(_logger: WrappedLogger, _name: str, event: EventDict) -> EventDict:
    """No value can begin a line, or speak to the terminal. JSON does so by itself."""
    trace = event.pop("exception", None)
    escaped = {name: _one_line(value) for name, value in event.items()}
    if trace is not None:
        escaped["exception"] = "\n".join(f"    | {_one_line(line)}" for line in str(trace).split("\n"))
    return escaped


def _one_line(value: Any) -> Any:
    if isinstance(value, str):
        return _CONTROL.sub(lambda found: f"\\u{ord(found[0]):04x}", value)
    return value


def _for_people() -> Processor:
    return structlog.dev.ConsoleRenderer(
        colors=sys.stderr.isatty(),
        pad_event_to=24,
        timestamp_key="ts",
        sort_keys=False,
        exception_formatter=structlog.dev.plain_traceback,  # the default one prints local variables
    )


class _FromLibraries(logging.Handler):
    """Passes on what comes through Python's own logging, uvicorn's and SQLAlchemy's among it."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line of theirs."""
        level = min(logging.CRITICAL, max(logging.DEBUG, record.levelno // 10 * 10))
        fields = {"exc_info": record.exc_info} if record.exc_info else {}
        structlog.get_logger().log(level, record.getMessage(), logger=record.name, **fields)


def _broke(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    structlog.get_logger().critical("process.broke", exc_info=(kind, error, trace))


def _thread_broke(broken: threading.ExceptHookArgs) -> None:
    if broken.exc_value is None or broken.exc_type is SystemExit:
        return
    trace = (broken.exc_type, broken.exc_value, broken.exc_traceback)
    structlog.get_logger().error(
        "thread.broke", thread=broken.thread.name if broken.thread else None, exc_info=trace
    )
