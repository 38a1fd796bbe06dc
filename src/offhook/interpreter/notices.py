"""What the customer is told of one call's faults: notifications, each with its code."""

from offhook.call.errors import CustomerError, ProviderError
from offhook.call.facts import NewsTold, NotificationRaised
from offhook.call.info import CallInfo
from offhook.interpreter.ports import Tools
from offhook.verbs import Request

INTERNAL_ERROR = 10001
VOICE_ERROR = 13500
"""Notification codes for faults on our side: our own, and a speech vendor's."""


class Notices:
    """Tells of one call."""

    def __init__(self, info: CallInfo, tools: Tools) -> None:
        self._info = info
        self._tools = tools
        self._told_once: set[tuple[int, str]] = set()

    def fault(self, error: CustomerError | ProviderError) -> None:
        """Something of theirs, or of a speech vendor's, failed."""
        if isinstance(error, CustomerError):
            self._tell(error.code, error.message, is_error=True, error=error)
        else:
            self._tell(VOICE_ERROR, str(error), is_error=True)

    def news(self, request: Request) -> None:
        """Something happened that the application wants to hear of."""
        info, at = self._info, self._tools.wall_clock()
        self._tools.recorder.emit(
            NewsTold(call_id=info.call_id, account_sid=info.account_sid, at=at, request=request)
        )

    def own_fault(self, message: str) -> None:
        """Something of ours failed."""
        self._tell(INTERNAL_ERROR, message, is_error=True)

    def warning_once(self, code: int, about: str, message: str) -> None:
        """The same, only the first time for this code and what it is about."""
        if (code, about) not in self._told_once:
            self._told_once.add((code, about))
            self.warning(code, message)

    def warning(self, code: int, message: str) -> None:
        """The call went on as if nothing were."""
        self._tell(code, message, is_error=False)

    def _tell(self, code: int, message: str, *, is_error: bool, error: CustomerError | None = None) -> None:
        self._tools.recorder.emit(
            NotificationRaised(
                call_id=self._info.call_id,
                account_sid=self._info.account_sid,
                at=self._tools.wall_clock(),
                code=code,
                message=message,
                is_error=is_error,
                exchange=error.exchange if error is not None else None,
            )
        )
