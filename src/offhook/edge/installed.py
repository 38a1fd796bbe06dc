"""Finds the Kamailio of this machine. Loads nothing but the standard library: the supervisor asks it first."""

import os
import shutil


class KamailioAbsent(Exception):
    """There is no Kamailio on this machine; the text says how to get one."""


def find_kamailio(search_path: str | None = None) -> str:
    """The path of the program. Raises KamailioAbsent.

    Debian installs servers into `sbin`, which is not in a user's PATH, so the `sbin` beside each `bin` is looked
    into as well. `search_path` is PATH unless given.
    """
    folders = (os.environ.get("PATH", os.defpath) if search_path is None else search_path).split(os.pathsep)
    beside = [folder.rstrip("/")[:-3] + "sbin" for folder in folders if folder.rstrip("/").endswith("/bin")]
    found = shutil.which("kamailio", path=os.pathsep.join((*folders, *beside)))
    if found is None:
        raise KamailioAbsent(
            "OFFHOOK_EDGE=kamailio needs Kamailio, which is not installed: install Debian's package "
            "(apt-get install kamailio), or set OFFHOOK_EDGE=none"
        )
    return found
