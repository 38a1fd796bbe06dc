"""Runs before all others: brings the database up to date and sees to it that there is a first account.

Prints one line of JSON for the supervisor, the token only when it is new.
"""

import json
import sys
from typing import Any

from offhook.bootstrap import open_database
from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT
from offhook.records.accounts import Accounts
from offhook.records.database import DatabaseFault
from offhook.records.migrate import upgrade


def prepare(settings: Settings) -> dict[str, Any]:
    """What the first account is; `auth_token` only where it was made just now."""
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade(settings.resolved_database_url)
    database = open_database(settings)
    token = settings.auth_token.get_secret_value() if settings.auth_token else None
    account, plain_token, was_created = Accounts(database).ensure_first(settings.account_sid, token)
    database.close()
    is_new = was_created and token is None
    return {"account_sid": account.sid, "auth_token": plain_token if is_new else None}


def main() -> None:
    """Prepare, and say what came of it."""
    settings = Settings()
    try:
        prepared = prepare(settings)
    except (*DatabaseFault, OSError) as error:
        sys.stderr.write(f"offhook: the database cannot be used: {error}\n")
        sys.exit(CONFIGURATION_FAULT)
    sys.stdout.write(json.dumps(prepared) + "\n")


if __name__ == "__main__":
    main()
