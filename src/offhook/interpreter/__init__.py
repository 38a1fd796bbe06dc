"""Runs a call: one coroutine, one document after another, one runner per verb."""
