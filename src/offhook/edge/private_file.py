"""Files with secrets in them: nobody else may look into one, at no moment."""

import os
from pathlib import Path

OWNER_ALONE = 0o600


def write_private(path: Path, text: str) -> None:
    """Write a file that its owner alone may read; one that is there keeps its owner and mode. Raises OSError."""
    with open(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, OWNER_ALONE), "w", encoding="utf-8"
    ) as file:
        file.write(text)
