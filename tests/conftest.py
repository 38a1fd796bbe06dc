"""Every run tries the same examples: what fails once fails again, here and on any other machine.

And one PostgreSQL server for all tests that want a database on it; those that harm theirs start their own.
"""

from collections.abc import Iterator

import pytest
from hypothesis import settings

from tests.postgresql import PostgresqlServer, running_postgresql


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Tests with real SIP run one after another, on one of the two processes of a parallel run: they share the clock."""
    for item in items:
        if item.get_closest_marker("sip") is not None:
            item.add_marker(pytest.mark.xdist_group("sip"))


settings.register_profile("steady", derandomize=True, deadline=None)
settings.load_profile("steady")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlServer]:
    """The server that tests share; each creates databases of its own."""
    with running_postgresql() as server:
        yield server
