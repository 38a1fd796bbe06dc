"""What can go wrong while building, told to a person."""


class EngineFault(Exception):
    """The engine cannot be built or installed; the text says why, and what to do about it."""
