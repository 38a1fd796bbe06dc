"""Everything here runs on the virtual clock."""

import asyncio
from collections.abc import Callable, Mapping

import pytest

from offhook.testing import VirtualClockLoop


def pytest_asyncio_loop_factories(
    config: pytest.Config, item: pytest.Item
) -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualClockLoop}
