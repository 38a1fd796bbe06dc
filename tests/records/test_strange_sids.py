"""A path or a query may name what no row can be called, such as a NUL: nothing is found, and no database minds."""

from collections.abc import Callable

import pytest

from offhook.call.messages import MessageStatus, Receipt
from offhook.call.rows import AccountRow
from offhook.dialects.rcml.messages_told import status_request
from offhook.records.api_keys import ApiKeys
from offhook.records.applications import Applications
from offhook.records.caller_ids import CallerIds
from offhook.records.channel_identities import ChannelIdentities
from offhook.records.clients import Clients
from offhook.records.database import Database
from offhook.records.message_queue import MessageQueue
from offhook.records.numbers import Numbers
from offhook.records.users import Users

NO_SID = "CI\x00"
RECEIPT = Receipt(provider="http", message_id=NO_SID, references=(NO_SID,), status=MessageStatus.SENT)
Lookup = Callable[[Database, str], object]
LOOKUPS: dict[str, Lookup] = {
    "key": lambda database, account: ApiKeys(database).get(account, NO_SID),
    "application": lambda database, account: Applications(database).get(account, NO_SID),
    "deleted application": lambda database, account: Applications(database).delete(account, NO_SID),
    "caller id": lambda database, account: CallerIds(database).get(account, NO_SID),
    "deleted caller id": lambda database, account: CallerIds(database).delete(account, NO_SID),
    "identity": lambda database, account: ChannelIdentities(database).get(account, NO_SID),
    "deleted identity": lambda database, account: ChannelIdentities(database).delete(account, NO_SID),
    "client": lambda database, account: Clients(database).get(account, NO_SID),
    "deleted client": lambda database, account: Clients(database).delete(account, NO_SID),
    "number": lambda database, account: Numbers(database).get(account, NO_SID),
    "deleted number": lambda database, account: Numbers(database).delete(account, NO_SID),
    "user": lambda database, account: Users(database).get(account, NO_SID),
    "deleted user": lambda database, account: Users(database).delete(account, NO_SID),
    "receipt": lambda database, _account: MessageQueue(database, status_request).receive(RECEIPT),
}


@pytest.mark.parametrize("what", LOOKUPS)
def test_nothing_is_found(database: Database, account: AccountRow, what: str) -> None:
    assert not LOOKUPS[what](database, account.sid)


def test_no_identity_is_on_such_a_channel(database: Database, account: AccountRow) -> None:
    assert ChannelIdentities(database).page(account.sid, NO_SID, offset=0, limit=1).total == 0
