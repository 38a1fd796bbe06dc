"""Strangers attack a server while calls run; then it is looked whether anything was noticed: `python -m tests.chaos.hostile`."""
