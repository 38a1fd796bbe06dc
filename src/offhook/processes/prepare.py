"""Runs before all others: brings the database up to date, seals its secrets, and sees to it that there is a first
account.

Prints one line of JSON for the supervisor, the token only when it is new.
"""

import json
import sys
from typing import Any

from offhook import log
from offhook.bootstrap import open_database, secret_keys
from offhook.config import Settings
from offhook.control import CONFIGURATION_FAULT
from offhook.processes.filler_file import FillerUnusable, lay_down_filler
from offhook.records.accounts import Accounts
from offhook.records.database import Database, DatabaseFault
from offhook.records.installation import instance_id
from offhook.records.migrate import upgrade
from offhook.records.sealed_columns import any_sealed, seal_all
from offhook.records.secret_keys import KeyFile, SecretKeyWrong, SetKeys
from offhook.surroundings import Surroundings
from offhook.tls_files import TlsFilesUnusable


def prepare(settings: Settings) -> dict[str, Any]:
    """What the first account and the installation are; `auth_token` only where it was made just now.
    Raises FillerUnusable, TlsFilesUnusable."""
    settings.check_certificates()
    if settings.filler is not None:
        lay_down_filler(settings.filler, Surroundings.from_environment().filler)
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade(settings.resolved_database_url)
    database = open_database(settings)
    prepare_secrets(database, secret_keys(settings))
    token = settings.auth_token.get_secret_value() if settings.auth_token else None
    account, plain_token, was_created = Accounts(database).ensure_first(settings.account_sid, token)
    installation = instance_id(database)
    database.close()
    is_new = was_created and token is None
    return {
        "account_sid": account.sid,
        "instance_id": installation,
        "auth_token": plain_token if is_new else None,
    }


def prepare_secrets(database: Database, keys: SetKeys | KeyFile) -> None:
    """Make the key where there is none yet, and seal what lies open. Raises SecretKeyWrong."""
    if isinstance(keys, KeyFile) and not keys.exists() and not any_sealed(database):
        keys.make()
    assert database.secrets is not None
    seal_all(database, database.secrets, only_open=True)


def main() -> None:
    """Prepare, and say what came of it."""
    settings = Settings()
    log.configure(level=settings.log_level, as_json=settings.log_json, process="prepare")
    try:
        prepared = prepare(settings)
    except (*DatabaseFault, OSError) as error:
        sys.stderr.write(f"offhook: the database cannot be used: {error}\n")
        sys.exit(CONFIGURATION_FAULT)
    except (SecretKeyWrong, FillerUnusable, TlsFilesUnusable) as error:
        sys.stderr.write(f"offhook: {error}\n")
        sys.exit(CONFIGURATION_FAULT)
    sys.stdout.write(json.dumps(prepared) + "\n")


if __name__ == "__main__":
    main()
