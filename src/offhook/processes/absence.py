"""Says once that the database is away, however often it is asked meanwhile."""

from typing import Any


class Absence:
    """One loop's view. `log` is its logger, `event` what it calls the absence."""

    def __init__(self, log: Any, event: str) -> None:
        self._log = log
        self._event = event
        self._is_told = False

    def noticed(self, error: Exception) -> None:
        """The database did not answer."""
        (self._log.debug if self._is_told else self._log.warning)(self._event, error=str(error))
        self._is_told = True

    def over(self) -> None:
        """It did."""
        self._is_told = False
