"""Offhook: a programmable voice server. Calls come in over SIP, your web application answers with verbs."""

from importlib.metadata import version

__version__ = version("offhook")
