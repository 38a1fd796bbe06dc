"""What changes the way of calls is told to the workers, and nothing else is."""

from dataclasses import replace
from pathlib import Path

from offhook.call.rows import AccountStatus
from offhook.processes.routes_told import AccountsTold, ApplicationsTold
from offhook.records import migrate
from offhook.records.database import Database
from tests.records import story
from tests.records.story import after
from tests.records.test_routing import application


def test_a_change_is_told_once(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/offhook.db"
    migrate.upgrade(url)
    database = Database(url)
    told: list[str] = []
    applications = ApplicationsTold(database, lambda: told.append("application"))
    accounts = AccountsTold(database, lambda: told.append("account"))
    top = story.account(database)
    child = story.account(database, parent_sid=top.sid)
    menu = application(child, "http://app.example/menu")
    applications.create(menu)
    assert not applications.update(replace(menu, account_sid=top.sid))
    assert not applications.delete(top.sid, menu.sid)
    assert told == []
    assert applications.update(replace(menu, url="http://app.example/other"))
    assert applications.delete(child.sid, menu.sid)
    assert told == ["application", "application"]
    assert accounts.update(replace(child, status=AccountStatus.SUSPENDED))
    assert accounts.close(child.sid, now=after(1)) == (child.sid,)
    assert accounts.close(child.sid, now=after(2)) == ()
    assert not accounts.update(child)
    assert told[2:] == ["account", "account"]
    database.close()
