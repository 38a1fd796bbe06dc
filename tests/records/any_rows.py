"""Rows for all tables at once, with whatever texts and numbers the columns can hold."""

from typing import Any

from hypothesis import strategies as st
from sqlalchemy import JSON, Boolean, Column, Connection, Float, Integer, String, Table, insert

from offhook.records.all_tables import metadata
from offhook.records.columns import EPOCH, MILLISECOND, Moment, Words

Rows = dict[str, list[dict[str, Any]]]

STORABLE = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30)
ANY_TEXT = st.text(max_size=30) | st.sampled_from(
    ["", " ", "'; DROP", "ß\x00\ud800", "😀\r\n\x1b[31m", "%(x)s :y ?"]
)
ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**40), 2**40) | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
    max_leaves=6,
)
MOMENTS = st.integers(-(10**12), 10**13).map(lambda milliseconds: EPOCH + milliseconds * MILLISECOND)
COUNTED = {"seq", "auth_id", "email_address", "phone_number", "login", "identity", "name"}
"""Columns that must differ from row to row, beside the primary keys."""


@st.composite
def any_rows(draw: st.DrawFn) -> Rows:
    """Up to three rows for each table, that fit together."""
    sids = [f"AC{number}" for number in range(draw(st.integers(1, 3)))]
    rows: Rows = {}
    for table in metadata.sorted_tables:
        count = len(sids) if table.name == "accounts" else draw(st.integers(0, 3))
        most = {
            "installation": 1,
            "account_limits": len(sids),
            "client_locations": len(rows.get("clients", ())),
            "trunk_states": len(rows.get("trunks", ())),
        }.get(table.name, count)
        rows[table.name] = [_row(draw, table, number, sids) for number in range(min(count, most))]
    return rows


def keep(connection: Connection, rows: Rows) -> None:
    """Write rows; the database must not mind which account comes first."""
    for table in metadata.sorted_tables:
        if rows[table.name]:
            connection.execute(insert(table), rows[table.name])


def _row(draw: st.DrawFn, table: Table, number: int, sids: list[str]) -> dict[str, Any]:
    row = {column.name: _value(draw, column, number, sids) for column in table.c}
    if table.name == "accounts":
        row |= {"sid": sids[number], "parent_sid": draw(st.sampled_from([None, *sids[number + 1 :]]))}
    if row.get("kind") is not None and table.name in ("account_keeping", "rooms"):
        row["kind"] = f"k{number}"
    return row


def _value(draw: st.DrawFn, column: Column[Any], number: int, sids: list[str]) -> Any:
    if column.foreign_keys and column.name in ("client_sid", "trunk_sid"):
        return f"{number}é"  # of the client or trunk with the same number
    if column.foreign_keys:
        return sids[number % len(sids)] if column.primary_key else draw(st.sampled_from(sids))
    if column.primary_key or column.name in COUNTED:
        return number + 1 if isinstance(column.type, Integer) else f"{number}é"
    if column.nullable and draw(st.booleans()):
        return None
    return draw(_kind(column.type))


def _kind(type: Any) -> st.SearchStrategy[Any]:
    match type:
        case Moment():
            return MOMENTS
        case Words():
            return ANY_TEXT
        case JSON():
            return ANY_JSON
        case Boolean():
            return st.booleans()
        case Integer():
            return st.integers(-(2**31), 2**31 - 1)
        case Float():
            return st.floats(allow_nan=False, allow_infinity=False)
        case String():
            return STORABLE.map(lambda text: text[: type.length])
    raise AssertionError(f"no values for {type!r}")
