"""Every setting: its type, unit, default, and what it does. Environment variables are `OFFHOOK_` + the name in
capitals; `offhook serve` takes each as a flag too."""

import ipaddress
import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

LOOPBACK: tuple[Network, ...] = (ipaddress.ip_network("127.0.0.0/8"), ipaddress.ip_network("::1/128"))
PRIVATE: tuple[Network, ...] = (
    ipaddress.ip_network("10.0.0.0/8"),
    ipaddress.ip_network("172.16.0.0/12"),
    ipaddress.ip_network("192.168.0.0/16"),
    ipaddress.ip_network("fc00::/7"),
)

Networks = Annotated[tuple[Network, ...], NoDecode]


class Settings(BaseSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="OFFHOOK_", env_ignore_empty=True, frozen=True, extra="ignore"
    )

    http_host: str = Field("127.0.0.1", description="Address that REST listens on.")
    http_port: int = Field(8080, ge=0, le=65535, description="TCP port that REST listens on.")
    sip_host: str | None = Field(
        None, description="Address that SIP listens on; with the PyPI build of PJSIP 127.0.0.1 unless set."
    )
    sip_port: int = Field(5060, ge=0, le=65535, description="UDP port that SIP listens on.")
    sip_allow: Networks = Field(
        LOOPBACK, description="Networks (CIDR, comma-separated) that may send calls; anyone else gets 403."
    )
    public_address: str | None = Field(
        None, description="Address that Contact and SDP tell the other side; the bound one unless set."
    )
    rtp_ports: str = Field("10000-10199", description="UDP ports for audio, first-last; a call takes two.")
    workers: int = Field(
        1,
        ge=1,
        le=64,
        description="Worker processes; each takes calls on a SIP port of its own, from the first on.",
    )
    edge: Literal["none", "kamailio"] = Field(
        "none",
        description="What takes the SIP port: the first worker (none), or a Kamailio that hands calls to all of them "
        "(kamailio); the workers then take the ports after it.",
    )
    drain_s: float = Field(
        0.0,
        ge=0,
        le=86400,
        description="Seconds that running calls may go on once the server is told to stop (SIGTERM, SIGINT); a second "
        "signal ends them at once.",
    )
    shed_lag_s: float = Field(
        0.1,
        gt=0,
        le=10,
        description="Seconds that a worker's event loop may lag behind for a while; beyond, it refuses new calls (503).",
    )
    trunk: str | None = Field(
        None, description="Where dialled numbers are sent, as sip:host:port; without it only SIP URIs can be."
    )
    data_dir: Path = Field(Path("data"), description="Folder of the database and all that is kept.")
    database_url: str | None = Field(
        None, description="SQLAlchemy URL of the database; SQLite in the data folder unless set."
    )
    account_sid: str | None = Field(
        None, description="SID of the first account (AC and 32 hex digits); made up and kept unless set."
    )
    auth_token: SecretStr | None = Field(
        None, description="Auth token of the first account; made up, shown once and kept unless set."
    )
    webhook_allow: Networks = Field(
        (), description="Networks (CIDR, comma-separated) of applications that are not on public addresses."
    )
    public_url: str | None = Field(
        None,
        description="What absolute URLs of this server begin with (http://host:port unless set); so far only the "
        "one that `offhook serve` prints, as REST's own are relative.",
    )
    asr: Literal["embedded", "google"] = Field(
        "embedded", description="Speech recogniser: embedded or google."
    )
    tts: Literal["embedded"] = Field("embedded", description="Voice: embedded.")
    embedded_recognisers: int = Field(1, ge=1, le=16, description="Processes of the embedded recogniser.")
    embedded_free_speech: bool = Field(
        False, description="Let the embedded recogniser try English without hints; its results are poor."
    )
    google_model: str = Field("telephony", description="Google's recognition model.")
    google_endpoint: str | None = Field(
        None, description="Another address for Google Speech, such as a private endpoint or a test server."
    )
    webhook_connect_s: float = Field(3.0, gt=0, le=15, description="Seconds to connect to an application.")
    webhook_response_s: float = Field(6.0, gt=0, le=15, description="Seconds until an application answers.")
    webhook_total_s: float = Field(10.0, gt=0, le=30, description="Seconds for a whole webhook.")
    callback_keep_days: int = Field(
        7, ge=1, le=365, description="Days that a delivered or given-up callback stays in the outbox."
    )
    apology: str = Field(
        "We are sorry, this service is not available right now. Goodbye.",
        description="What a caller hears when the application fails and has no fallback URL.",
    )
    demo: bool = Field(True, description="Answer sip:echo@ and sip:demo@ where no number has these names.")
    dev: bool = Field(
        False, description="Allow calls from, and applications on, loopback and private networks."
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged: debug, info, warning or error."
    )
    log_json: bool = Field(False, description="Log lines as JSON.")

    @field_validator("sip_allow", "webhook_allow", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(
                ipaddress.ip_network(part, strict=False) for part in re.split(r"[,\s]+", value) if part
            )
        except ValueError as error:
            raise ValueError(f"{error}; write networks like 192.168.0.0/16, comma-separated") from None

    @field_validator("rtp_ports")
    @classmethod
    def _port_range(cls, value: str) -> str:
        found = re.fullmatch(r"(\d{1,5})-(\d{1,5})", value)
        if not found or not 1024 <= int(found[1]) < int(found[2]) <= 65535:
            raise ValueError("write a range of ports like 10000-10199, within 1024 to 65535")
        return value

    @field_validator("trunk")
    @classmethod
    def _trunk_uri(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"sip:[A-Za-z0-9.\-\[\]:]+(;transport=udp)?", value):
            raise ValueError("write the trunk like sip:carrier.example:5060")
        return value or None

    @field_validator("asr", "tts", "edge", "log_level", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("account_sid")
    @classmethod
    def _sid(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"AC[0-9a-fA-F]{32}", value):
            raise ValueError("an account SID is AC and 32 hex digits")
        return value or None

    @field_validator("auth_token", "public_url", "public_address", "database_url", "sip_host", mode="before")
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return value or None

    @cached_property
    def resolved_database_url(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{self.data_dir.resolve()}/offhook.db"

    @cached_property
    def callers_allowed(self) -> tuple[Network, ...]:
        """Networks that may send calls."""
        return (*self.sip_allow, *LOOPBACK, *PRIVATE) if self.dev else self.sip_allow

    @cached_property
    def applications_allowed(self) -> tuple[Network, ...]:
        """Networks of applications that are not on public addresses."""
        return (*self.webhook_allow, *LOOPBACK, *PRIVATE) if self.dev else self.webhook_allow

    @cached_property
    def rtp_range(self) -> tuple[int, int]:
        """The first audio port, and how many there are."""
        first, last = (int(part) for part in self.rtp_ports.split("-"))
        return first, last - first + 1

    def worker_sip_port(self, index: int) -> int:
        """Where a worker listens; 0 for any free port."""
        if self.sip_port == 0:
            return 0
        return self.sip_port + index + (1 if self.edge == "kamailio" else 0)

    def worker_rtp_range(self, index: int) -> tuple[int, int]:
        """A worker's share of the audio ports: the first, and how many; each share begins at an even port."""
        first, count = self.rtp_range
        share = count // self.workers // 2 * 2
        return first + first % 2 + index * share, share
