"""The last callback of a call whose worker died: made from what its last one said."""

from collections.abc import Callable

from offhook.call.rows import CallRow
from offhook.dialects.rcml.leaving import last_callback
from offhook.dialects.rcml.dialect import Rcml
from offhook.verbs import Request
