"""What the supervisor tells a process through its environment, besides the settings."""

import os
from dataclasses import dataclass
from pathlib import Path

RUN_DIR, WORKER_INDEX, CLUSTER_SECRET, DEMO_URL, DOOR_PORTS, INSTANCE_ID, ADDRESS_ASKED_OF = (
    "OFFHOOK_RUN_DIR",
    "OFFHOOK_WORKER_INDEX",
    "OFFHOOK_CLUSTER_SECRET",
    "OFFHOOK_DEMO_URL",
    "OFFHOOK_DOOR_PORTS",
    "OFFHOOK_INSTANCE_ID",
    "OFFHOOK_ADDRESS_ASKED_OF",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where a process finds the others."""

    run_dir: Path
    """Sockets and sounds in use; gone when the server stops."""
    cluster_secret: str
    """Proves to a worker that a command comes from one of us."""
    worker_index: int
    demo_url: str | None
    """Where the demonstration application listens; None where there is none."""
    door_ports: tuple[int, ...] = ()
    """Where the workers of this server take commands, by their index; on loopback."""
    instance_id: str = ""
    """The installation's identity, so that a process that starts while the database is away knows it."""

    address_asked_of: str = ""
    """What the operator set as the public address where that is no address itself: who is asked for it."""

    @classmethod
    def from_environment(cls) -> "Surroundings":
        """Read them. Raises KeyError in a process that the supervisor did not start."""
        return cls(
            run_dir=Path(os.environ[RUN_DIR]),
            cluster_secret=os.environ[CLUSTER_SECRET],
            worker_index=int(os.environ.get(WORKER_INDEX, "0")),
            demo_url=os.environ.get(DEMO_URL) or None,
            door_ports=tuple(int(port) for port in os.environ.get(DOOR_PORTS, "").split(",") if port),
            instance_id=os.environ.get(INSTANCE_ID, ""),
            address_asked_of=os.environ.get(ADDRESS_ASKED_OF, ""),
        )

    @property
    def voice_socket(self) -> Path:
        """Where the embedded voice listens."""
        return self.run_dir / "voice.sock"

    def recogniser_socket(self, index: int) -> Path:
        """Where an embedded recogniser listens."""
        return self.run_dir / f"recogniser-{index}.sock"

    @property
    def door_port(self) -> int:
        """Where this worker takes commands; any free port where none was set apart for it."""
        return self.door_ports[self.worker_index] if self.worker_index < len(self.door_ports) else 0

    @property
    def filler(self) -> Path:
        """What waiting callers hear, where the operator has set a sound of their own."""
        return self.run_dir / "filler.wav"

    @property
    def certificates(self) -> Path:
        """Copies of the certificates in use, with their keys."""
        return self.run_dir / "certificates"

    @property
    def dispatcher_socket(self) -> Path:
        """Where the dispatcher is poked: any datagram says that something may be due."""
        return self.run_dir / "dispatcher.sock"

    @property
    def sounds(self) -> Path:
        """Prompts that are being played."""
        return self.run_dir / "sounds"
