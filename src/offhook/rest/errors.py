"""Refusals: a status, a code that a program can tell apart, and a sentence for people."""

import math
from collections.abc import Mapping

UNAUTHORIZED = 20003
INVALID = 20001
WRONG_METHOD = 20004
INACTIVE = 20005
FORBIDDEN = 20403
NOT_FOUND = 20404
CONFLICT = 20409
GONE = 20410
TOO_LARGE = 20413
TOO_MANY = 20429
WRONG_TYPE = 20415
FAULT = 20500
BUSY = 20503
NUMBER_TAKEN = 21452
DESTINATION = 21215


class Refusal(Exception):
    """Ends a request with an error answer."""

    def __init__(
        self, status: int, code: int, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = dict(headers or {})


def invalid(message: str, code: int = INVALID) -> Refusal:
    """What the client sent cannot be right. The message names the parameter and what would be."""
    return Refusal(400, code, message)


def forbidden(message: str) -> Refusal:
    """Whoever signed in may not do this. The message says who may."""
    return Refusal(403, FORBIDDEN, message)


def conflict(message: str) -> Refusal:
    """Somebody has already what can be had once only. The message names it."""
    return Refusal(409, CONFLICT, message)


def not_found(what: str) -> Refusal:
    """There is no such thing, or not for this account: both look the same."""
    return Refusal(404, NOT_FOUND, f"There is no {what}.")


def too_many(message: str, wait_s: float) -> Refusal:
    """Somebody asks more often than they may; `message` says what of. They are told when to come back."""
    seconds = max(1, math.ceil(wait_s))
    return Refusal(429, TOO_MANY, f"{message} Try again in {seconds} s.", {"Retry-After": str(seconds)})
