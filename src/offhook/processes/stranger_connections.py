"""TCP and TLS connections at a worker's own port: who may have as many as he likes, and what is said of those that are closed."""

from collections.abc import Callable

import structlog

from offhook.pjsua.connections import Connections
from offhook.processes.callers import Callers
from offhook.processes.few_lines import FewLines

log = structlog.get_logger()

REASON = "connections"
"""As the metric of what SIP refused has it."""


def judge_connections(
    connections: Connections, callers: Callers, on_refused: Callable[[str, int], None]
) -> None:
    """Have those of strangers counted and closed as `connections` does, and told in few lines."""
    lines = FewLines()

    def closed(address: str, count: int) -> None:
        on_refused(REASON, count)
        left_out = lines.left_out(address)
        if left_out is not None:
            log.warning(
                "sip.connections_closed",
                address=address,
                closed=count,
                reason="they are too many, or no request came on them",
                without_a_line=left_out,
            )

    connections.may_call = lambda address: callers.is_caller(str(address))
    connections.closed = closed
