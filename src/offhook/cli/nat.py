"""What `offhook doctor --nat` finds: facts, and what they mean."""

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from offhook.config import Settings
    from offhook.processes.nat_findings import Finding


def look_at_nat(settings: "Settings", stun: tuple[str, ...]) -> "tuple[dict[str, Any], list[Finding]]":
    """The facts as JSON holds them, and the findings."""
    from offhook.processes.nat_findings import nat_findings
    from offhook.processes.nat_look import look

    found = look(settings, stun)
    facts = asdict(found)
    facts["local_networks"] = [str(network) for network in found.local_networks]
    return facts, list(nat_findings(found))
