"""Recognisers that run a model of the operator's own, from a folder on this machine. Their libraries are extras."""
