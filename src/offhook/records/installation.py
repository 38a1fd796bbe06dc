"""The identity of the installation: made once, on every call's sid ever after."""

from sqlalchemy import Connection, select

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
