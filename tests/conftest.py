"""Every run tries the same examples: what fails once fails again, here and on any other machine.

And one PostgreSQL server for all tests that want a database on it; those that harm theirs start their own.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql import PostgresqlServer, running_postgresql

settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """The server that tests share; each creates databases of its own."""
    with running_postgresql() as server:
        yield server
