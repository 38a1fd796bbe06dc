"""All tables of the database, for who copies, migrates or compares it as a whole."""

from offhook.records import resource_tables, trunk_tables, voice_tables
from offhook.records.tables import metadata

__all__ = ["metadata", "resource_tables", "trunk_tables", "voice_tables"]
