"""The identity of the installation, made once and on every call's sid ever after, and the last fence it gave out."""

from sqlalchemy import Connection, select, update

from offhook.call.info import new_id
from offhook.records.columns import database_now
from offhook.records.database import Database
from offhook.records.numbering import insert_for
from offhook.records.tables import installation


def instance_id(database: Database) -> str:
    """The 32 hex digits that name this installation; the first to ask makes them."""
    with database.writing() as connection:
        return hold_installation(connection)


def hold_installation(connection: Connection) -> str:
    """The same, inside a writing transaction, which nobody else passes here until it is over."""
    new = insert_for(connection)(installation).values(id=1, instance_id=new_id(), created=database_now())
    connection.execute(new.on_conflict_do_nothing())
    held: str = connection.execute(select(installation.c.instance_id).with_for_update()).scalar_one()
    return held


def next_fence(connection: Connection) -> int:
    """A fencing token greater than all before: for a lease that is given, and for what is taken from one."""
    hold_installation(connection)
    grown = update(installation).values(last_fence=installation.c.last_fence + 1)
    fence: int = connection.execute(grown.returning(installation.c.last_fence)).scalar_one()
    return fence
