"""Passwords that people choose, kept as Argon2id.

Costs as OWASP's password storage sheet has them: 19 MiB, 2 passes, 1 lane.
"""

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

MEMORY_KIB, PASSES, LANES = 19_456, 2, 1


def hashed(password: str) -> str:
    """`password` as it is kept."""
    return _hasher().hash(password)


def is_password(given: str, kept: str | None) -> bool:
    """Whether `given` is the password that is `kept`. Takes as long where none is kept."""
    from argon2.exceptions import InvalidHashError, VerificationError

    try:
        return _hasher().verify(kept or _nobodys(), given) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY_KIB, parallelism=LANES)


@cache
def _nobodys() -> str:
    return hashed("nobody has this password")
