"""Where recordings lie: fills `interpreter.ports.Tapes`."""

from pathlib import Path

FOLDER_MODE = 0o700
"""Recordings are nobody else's business on this machine."""


class RecordingFolder:
    """One folder of all recordings, in it a folder for each account."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def place(self, account_sid: str, recording_id: str) -> tuple[Path, str]:
        """`<account SID>/RE<id>.wav`, whose folder is there. Raises OSError where none can be made."""
        of_account = self._folder / account_sid
        of_account.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
        name = f"RE{recording_id}.wav"
        return of_account / name, f"{account_sid}/{name}"
