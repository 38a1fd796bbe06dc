"""The processes that the supervisor starts: one module each, run with `python -m`."""
