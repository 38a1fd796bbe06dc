"""Offhook: a programmable voice server. Calls come in over SIP, your web application answers with verbs."""

from typing import Any


def __getattr__(name: str) -> Any:
    """`offhook.__version__`, read when somebody asks: the metadata reader is not free to load."""
    if name == "__version__":
        from importlib.metadata import version

        return version("offhook")
    raise AttributeError(f"module 'offhook' has no attribute {name!r}")
