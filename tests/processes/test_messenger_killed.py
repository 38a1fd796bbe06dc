"""The dispatcher dies while it hands a message over: the next one hands it over again, under the same id."""

import asyncio
import json
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from offhook.bootstrap import open_database
from offhook.call.messages import MessageFilter, MessageStatus
from offhook.config import Settings
from offhook.records import migrate
from offhook.records.accounts import Accounts
from offhook.records.columns import EPOCH
from offhook.records.database import Database
from offhook.records.messages import Messages
from offhook.records.resource_tables import messages
from offhook.verbs import MessageKind, Target
from tests.messaging.some import message
from tests.processes.test_dispatcher_killed import SECRET_KEY, DispatcherProcess
from tests.webhooks.server import application, in_turn, never, page


def end_leases(database: Database) -> None:
    """What two and a half minutes do."""
    with database.writing() as connection:
        connection.execute(update(messages).values(next_at=EPOCH))


async def test_a_message_is_handed_over_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = Settings(data_dir=tmp_path, database_url=None, secret_key=SecretStr(SECRET_KEY))
    migrate.upgrade(settings.resolved_database_url)
    database = open_database(settings)
    account, _, _ = Accounts(database).ensure_first(None, None)
    async with application() as app:
        taken = page(200, '{"id": "gw-1"}', "application/json")
        monkeypatch.setenv("OFFHOOK_SMS", "http")
        monkeypatch.setenv("OFFHOOK_SMS_URL", app.on("/send", in_turn(never, taken)))
        told = Target(app.on("/told", page()))
        row = message(account_sid=account.sid, to="+15557654321", status_callback=told)
        Messages(database).create(row)

        dispatcher = DispatcherProcess(tmp_path)
        await app.has(lambda app: len(app.requests) == 1, within_s=60)
        await asyncio.to_thread(dispatcher.kill)
        end_leases(database)
        dispatcher = DispatcherProcess(tmp_path)
        try:
            await app.has(lambda app: any(request.path == "/told" for request in app.requests), within_s=60)
        finally:
            assert await asyncio.to_thread(dispatcher.end) == 0
        first, second, callback = app.requests

    wanted = MessageFilter(kind=MessageKind.SMS)
    [kept] = Messages(database).page(account.sid, wanted, offset=0, limit=5).rows
    database.close()
    assert json.loads(first.body)["id"] == json.loads(second.body)["id"] == row.message_id
    assert (kept.status, kept.attempt, kept.provider_reference) == (MessageStatus.SENT, 2, "gw-1")
    assert dict(callback.form)["SmsStatus"] == "sent"
    assert dict(callback.form)["SmsSid"] == f"SM{row.message_id}"
