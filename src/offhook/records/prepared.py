"""Statements of every call, compiled once and handed to the driver as they are.

SQLAlchemy's way from a statement to the driver costs several times what SQLite takes to run it. Here only the text, the
order of its parameters and what makes them storable are left of that way; errors are SQLAlchemy's own, as everywhere.
For statements that are made once and kept, and that neither make values of their own in Python nor name a list.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.dml import Insert, ReturningInsert, Update

Statement = Insert | ReturningInsert[Any] | Update
MOST_PREPARED = 256
"""How many are kept: one for each statement, database and set of names."""


@dataclass(frozen=True, slots=True)
class _Parameter:
    name: str
    storable: Callable[[Any], Any] | None
    """Makes a value what the driver takes; None where it is already."""
    constant: object
    """What the statement itself says where no value is given."""


def run_counted(connection: Connection, statement: Statement, row: Mapping[str, object]) -> int:
    """Run `statement` with the values of `row`, by column or parameter; returns how many rows it changed or added."""
    count: int = _run(connection, statement, row).rowcount
    return count


def run_returning(connection: Connection, statement: Statement, row: Mapping[str, object]) -> tuple[Any, ...]:
    """The one row that `statement` returns, its values as the driver gives them."""
    [returned] = _run(connection, statement, row).fetchall()
    return tuple(returned)


def _run(connection: Connection, statement: Statement, row: Mapping[str, object]) -> Any:
    dialect = connection.dialect
    text, parameters = _prepared(statement, dialect, tuple(row))
    values: list[object] = []
    for known in parameters:
        value = row.get(known.name, known.constant)
        values.append(value if known.storable is None else known.storable(value))
    cursor = connection.connection.cursor()
    driver_error = dialect.loaded_dbapi.Error
    try:
        if dialect.positional:
            cursor.execute(text, values)
        else:
            cursor.execute(text, {known.name: value for known, value in zip(parameters, values, strict=True)})
    except driver_error as error:
        raise DBAPIError.instance(
            text, None, error, driver_error, hide_parameters=True, dialect=dialect
        ) from error
    return cursor


@lru_cache(maxsize=MOST_PREPARED)
def _prepared(
    statement: Statement, dialect: Dialect, names: tuple[str, ...]
) -> tuple[str, tuple[_Parameter, ...]]:
    """The text of a statement for rows of these names, and its parameters in their order."""
    compiled = statement.compile(dialect=dialect, column_keys=list(names))
    assert isinstance(compiled, SQLCompiler)
    binds = {name: bind for bind, name in compiled.bind_names.items()}
    order = compiled.positiontup if compiled.positiontup is not None else list(binds)
    constants = compiled.params
    parameters = tuple(
        _Parameter(name, binds[name].type.dialect_impl(dialect).bind_processor(dialect), constants[name])
        for name in order
    )
    return compiled.string, parameters
