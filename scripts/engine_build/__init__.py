"""Builds PJSIP with Offhook's own limits and installs it as `pjsua2` beside the wheel: see docs/engine.md.

`scripts/engine` runs it with the Python of .venv; only the standard library is used.
"""
