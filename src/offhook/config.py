"""Every setting: its type, unit, default, and what it does. Environment variables are `OFFHOOK_` + the name in
capitals; `offhook serve` takes each as a flag too."""

import re
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import NoDecode, SettingsConfigDict

from offhook.call.ip_addresses import Network, read_ip_network
from offhook.call.trunk_input import read_host
from offhook.language_settings import LanguageSettings
from offhook.network_values import read_http_host, read_port_range, read_public_address, read_sip_host
from offhook.recogniser_settings import RecogniserSettings
from offhook.setting_values import in_order, is_http_url
from offhook.speech.vendor_names import vendor_names
from offhook.transport_settings import TransportSettings
from offhook.voice_settings import VoiceSettings, check_voice

LOOPBACK: tuple[Network, ...] = (read_ip_network("127.0.0.0/8"), read_ip_network("::1/128"))
PRIVATE: tuple[Network, ...] = (
    read_ip_network("10.0.0.0/8"),
    read_ip_network("172.16.0.0/12"),
    read_ip_network("192.168.0.0/16"),
    read_ip_network("fc00::/7"),
)

Networks = Annotated[tuple[Network, ...], NoDecode]


class Settings(LanguageSettings, RecogniserSettings, VoiceSettings, TransportSettings):
    """What an operator can set."""

    model_config = SettingsConfigDict(
        env_prefix="OFFHOOK_", env_ignore_empty=True, frozen=True, extra="ignore", hide_input_in_errors=True
    )

    http_host: str = Field("127.0.0.1", description="Address that REST listens on.")
    http_port: int = Field(8080, ge=0, le=65535, description="TCP port that REST listens on.")
    sip_host: str | None = Field(
        None, description="Address that SIP listens on; with the PyPI build of PJSIP 127.0.0.1 unless set."
    )
    sip_port: int = Field(5060, ge=0, le=65535, description="UDP and TCP port that SIP listens on.")
    sip_allow: Networks = Field(
        LOOPBACK,
        description="Networks (CIDR, comma-separated) that may send calls, besides those of trunks. Anyone else is asked for a client's "
        "password where there are clients, and gets 403.",
    )
    sip_pin_sources: bool = Field(
        True,
        description="Take requests of a call only from addresses that have to do with its far end: where it called from "
        "or answered, its Contact and Record-Route, the networks of its trunk. Others get 403.",
    )
    sip_digests: Literal["both", "sha-256", "md5"] = Field(
        "both",
        description="How phones prove their passwords: SHA-256 or, where they cannot, MD5 (both), or one of them alone. Some, such "
        "as baresip 1, take md5 only and register half a minute late unless it is set.",
    )
    public_address: str | None = Field(
        None,
        description="Address that Contact and SDP tell the outside: an IPv4 address, a name that leads to one, or stun:host:port, "
        "whose answer is asked for at the start and each 5 minutes. The bound one unless set.",
    )
    local_networks: Networks = Field(
        (),
        description="Networks (CIDR, comma-separated) whose phones and PBXs reach us by the bound address, although "
        "OFFHOOK_PUBLIC_ADDRESS is set for all others.",
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
        description="Seconds that running calls may go on once the server is told to stop (SIGTERM, SIGINT, SIGHUP); a second "
        "signal ends them at once.",
    )
    watchdog_s: float = Field(
        15.0,
        ge=0,
        le=3600,
        description="Seconds that a process of the server may hang before it is killed and started again, those of "
        "the embedded speech 4 at most; 0 never kills one.",
    )
    max_call_s: float = Field(
        14400.0,
        ge=0,
        description="Seconds that a call may last from its answer (4 h); then it is hung up. 0 sets no limit.",
    )
    max_ring_s: float = Field(
        180.0,
        ge=0,
        description="Seconds that a call which came in may ring while no verb answers it; then it is refused (480). "
        "0 sets no limit.",
    )
    media_timeout_s: float = Field(
        60.0,
        ge=0,
        description="Seconds without any audio packet or report (RTP, RTCP) from the far end, after which an answered call "
        "is hung up; 0 waits for ever.",
    )
    media_timeout_hold_s: float = Field(
        300.0,
        ge=0,
        description="The same while the far end has put the call on hold, and need not send anything.",
    )
    shed_lag_s: float = Field(
        0.1,
        gt=0,
        le=10,
        description="Seconds that a worker's event loop may lag behind for a while; beyond, it refuses new calls (503).",
    )
    trunk: str | None = Field(
        None,
        description="Where dialled numbers are sent that no trunk of `offhook trunk add` takes, as sip:host:port.",
    )
    trunk_options_s: float = Field(
        20.0,
        ge=0,
        le=3600,
        description="Seconds between two questions (OPTIONS) to each trunk; one that does not answer is called after the "
        "others. 0 asks none.",
    )
    country: str | None = Field(
        None,
        description="Country (two letters, such as DE) in which numbers without + are dialled; it tells what they cost.",
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
    secret_key: SecretStr | None = Field(
        None,
        description="Key that account tokens are sealed with in the database: 32 random bytes in base64, or any text of "
        "16 characters or more; kept in secret.key in the data folder unless set. All machines need the same.",
    )
    secret_key_previous: SecretStr | None = Field(
        None,
        description="The key before OFFHOOK_SECRET_KEY, for as long as `offhook secrets rotate` has not run.",
    )
    http_trusted_proxies: Networks = Field(
        (),
        description="Networks (CIDR, comma-separated) of proxies before REST, whose X-Forwarded-For is believed.",
    )
    webhook_allow: Networks = Field(
        (), description="Networks (CIDR, comma-separated) of applications that are not on public addresses."
    )
    public_url: str | None = Field(
        None,
        description="What absolute URLs of this server begin with (http://host:port, or https with a certificate, unless set): where applications are told "
        "that recordings and transcriptions lie. REST's own are relative.",
    )
    open_recordings: bool = Field(
        False,
        description="Whether the sound of a recording is handed out to whoever knows its URL, without signing in, as old "
        "scripts expect. The rest of REST is not.",
    )
    tts: str = Field(
        "embedded",
        description="Voices in the order in which they are tried, comma-separated: embedded, google, aws, microsoft, deepgram, "
        "elevenlabs, wyoming, piper, or custom:name for a voice of OFFHOOK_TTS_CUSTOM.",
    )
    webhook_connect_s: float = Field(3.0, gt=0, le=15, description="Seconds to connect to an application.")
    webhook_response_s: float = Field(6.0, gt=0, le=15, description="Seconds until an application answers.")
    webhook_total_s: float = Field(10.0, gt=0, le=30, description="Seconds for a whole webhook.")
    webhook_retry_s: float = Field(
        15.0,
        ge=0,
        le=60,
        description="Seconds in which an application that cannot be reached, or answers 429 or 5xx, is asked again "
        "before its fallback URL is; 0 asks once.",
    )
    filler: Path | None = Field(
        None,
        description="Sound file (WAV, MP3, OGG, FLAC) that an answered caller hears, over and over, while nothing else is "
        "ready; a soft tone unless set.",
    )
    filler_after_s: float = Field(
        2.0, ge=0, le=60, description="Seconds of silence before the caller hears it; 0 never plays it."
    )
    sound_cache_mb: int = Field(
        64,
        ge=0,
        le=4096,
        description="Megabytes of memory that each worker keeps of prompts, fetched ones for as long as HTTP allows; "
        "0 fetches or speaks each anew.",
    )
    callback_keep_days: int = Field(
        7,
        ge=1,
        le=365,
        description="Days that a delivered or given-up callback stays in the outbox, from then on; a given-up one can be "
        "sent again as long (`offhook outbox replay`).",
    )
    rows_keep_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Days that calls, gathers and notifications are kept, and timelines and callbacks with them; 0 for "
        "ever. An account may have days of its own (`offhook keep`).",
    )
    transcripts_keep_days: int = Field(
        0,
        ge=0,
        le=36500,
        description="Days that what callers said and pressed is kept; the rows stay without it. 0 for ever.",
    )
    recordings_keep_days: int = Field(
        0, ge=0, le=36500, description="Days that recordings are kept; 0 for ever."
    )
    apology: str = Field(
        "We are sorry, this service is not available right now. Goodbye.",
        description="What a caller hears when the application fails and has no fallback URL.",
    )
    # Before `sms`, whose validator asks for them.
    sms_url: str | None = Field(
        None,
        description="Where OFFHOOK_SMS=http posts each message (http or https); docs/messaging.md tells what is sent.",
    )
    sms_token: SecretStr | None = Field(
        None, description="Sent there as Authorization: Bearer, where the gateway wants one."
    )
    sms_format: Literal["json", "form"] = Field(
        "json", description="How messages are posted there: json or form."
    )
    smpp_host: str | None = Field(None, description="Message centre of OFFHOOK_SMS=smpp.")
    smpp_port: int = Field(2775, ge=1, le=65535, description="Its TCP port.")
    smpp_system_id: str = Field(
        "", max_length=15, description="Our name there (system_id), at most 15 characters."
    )
    smpp_password: SecretStr | None = Field(
        None, max_length=8, description="The password that goes with it, at most 8 characters."
    )
    smpp_system_type: str = Field(
        "", max_length=12, description="The system_type that some centres want, at most 12 characters."
    )
    smpp_tls: bool = Field(False, description="Connect to it over TLS.")
    sms: Literal["log", "http", "smpp"] = Field(
        "log",
        description="What carries text messages: http (a gateway), smpp (a message centre), or log, which sends "
        "nothing and writes them to the log.",
    )
    sms_secret: SecretStr | None = Field(
        None,
        description="Secret that a gateway shows when it posts receipts and incoming messages to "
        "/messaging/http/status and /messaging/http/incoming; both are closed unless set.",
    )
    smtp_host: str | None = Field(
        None,
        description="Mail server that e-mails are handed to; unless set nothing is sent, and e-mails are "
        "written to the log.",
    )
    smtp_port: int = Field(587, ge=1, le=65535, description="Its TCP port.")
    smtp_tls: Literal["none", "starttls", "tls"] = Field(
        "starttls",
        description="How the connection to it is encrypted: none, starttls, or tls from the start.",
    )
    smtp_user: str | None = Field(None, description="Name to sign in with there, where it wants one.")
    smtp_password: SecretStr | None = Field(None, description="The password that goes with it.")
    smtp_from: str | None = Field(
        None,
        description="Address that all e-mails come from, with what the application named as Reply-To; "
        "what the application named unless set.",
    )
    demo: bool = Field(True, description="Answer sip:echo@ and sip:demo@ where no number has these names.")
    dev: bool = Field(
        False, description="Allow calls from, and applications on, loopback and private networks."
    )
    metrics_allow: Networks = Field(
        LOOPBACK, description="Networks (CIDR, comma-separated) that may read /metrics; anyone else gets 403."
    )
    otlp_endpoint: str | None = Field(
        None,
        description="Collector that traces of calls are sent to, over OTLP/HTTP, such as http://collector:4318; none are "
        "made unless set. It takes the package's extra: pip install 'offhook[tracing]'.",
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much is logged: debug, info, warning or error."
    )
    log_json: bool = Field(False, description="Log lines as JSON.")

    @field_validator(
        "sip_allow", "webhook_allow", "metrics_allow", "http_trusted_proxies", "local_networks", mode="before"
    )
    @classmethod
    def _networks(cls, value: Any) -> Any:
        if not isinstance(value, str):
            return value
        try:
            return tuple(read_ip_network(part, strict=False) for part in re.split(r"[,\s]+", value) if part)
        except ValueError as error:
            raise ValueError(f"{error}; write networks like 192.168.0.0/16, comma-separated") from None

    @field_validator("public_url")
    @classmethod
    def _reachable_url(cls, value: str | None) -> str | None:
        if value and not is_http_url(value):
            raise ValueError("write what URLs of this server begin with, like https://voice.example.com")
        return value

    @field_validator("otlp_endpoint")
    @classmethod
    def _collector(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"https?://[!-~]+", value):
            raise ValueError("write the collector like http://collector:4318")
        return value or None

    @field_validator("public_address")
    @classmethod
    def _reachable(cls, value: str | None) -> str | None:
        return value and read_public_address(value)

    @field_validator("sip_host")
    @classmethod
    def _bindable(cls, value: str | None) -> str | None:
        return value and read_sip_host(value)

    @field_validator("http_host")
    @classmethod
    def _bindable_by_rest(cls, value: str) -> str:
        return read_http_host(value)

    @field_validator("rtp_ports")
    @classmethod
    def _port_range(cls, value: str) -> str:
        return read_port_range(value)

    @field_validator("trunk")
    @classmethod
    def _trunk_uri(cls, value: str | None) -> str | None:
        if not value:
            return None
        found = re.fullmatch(
            r"sip:((?:\[[^\[\];@]+\]|[^\[\];:@]+)(?::\d+)?)(?:;transport=(?:udp|tcp|tls))?", value
        )
        right = "write the trunk like sip:carrier.example:5060"
        if found is None:
            raise ValueError(right)
        try:
            read_host(found[1])
        except ValueError as error:
            raise ValueError(f"{error}; {right}") from None
        return value

    @field_validator("country")
    @classmethod
    def _known_country(cls, value: str | None) -> str | None:
        if not value:
            return None
        from phonenumbers import SUPPORTED_REGIONS  # 30 ms, for those who set it

        if value.upper() not in SUPPORTED_REGIONS:
            raise ValueError("write the country as two letters, such as DE or US")
        return value.upper()

    @field_validator("secret_key", "secret_key_previous", "sms_secret")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and 0 < len(value.get_secret_value().strip()) < 16:
            raise ValueError("a key needs 16 characters or more; `openssl rand -base64 32` makes a good one")
        return value if value and value.get_secret_value().strip() else None

    @field_validator("edge", "log_level", "sms", "sms_format", "smtp_tls", "sip_digests", mode="before")
    @classmethod
    def _in_any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("wyoming_asr", "wyoming_tts")
    @classmethod
    def _wyoming(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"tcp://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\]):\d{1,5}/?", value):
            raise ValueError("write the address like tcp://127.0.0.1:10300")
        return value or None

    @field_validator("tts")
    @classmethod
    def _voices_in_order(cls, value: str, info: ValidationInfo) -> str:
        return in_order(vendor_names(value), lambda name: check_voice(name, info.data))

    @field_validator("sms_url")
    @classmethod
    def _gateway(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"https?://[!-~]+", value):
            raise ValueError("write the gateway like https://gateway.example/messages")
        return value or None

    @field_validator("smtp_from")
    @classmethod
    def _mailbox(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"[^@\r\n]+@[^@\s]+", value):
            raise ValueError("write the sender like voice@example.com or Voice <voice@example.com>")
        return value or None

    @field_validator("sms")
    @classmethod
    def _has_carrier(cls, value: str, info: ValidationInfo) -> str:
        if value == "http" and "sms_url" in info.data and not info.data["sms_url"]:
            raise ValueError("http needs the address of the gateway: set OFFHOOK_SMS_URL")
        if value == "smpp" and "smpp_host" in info.data:
            missing = [name for name in ("smpp_host", "smpp_system_id") if not info.data.get(name)]
            if missing:
                names = " and ".join(f"OFFHOOK_{name.upper()}" for name in missing)
                raise ValueError(f"smpp needs the message centre and our name there: set {names}")
        return value

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
    def resolved_public_url(self) -> str:
        """What absolute URLs of this server begin with, without a slash at the end."""
        if self.public_url is not None:
            return self.public_url.rstrip("/")
        host = "127.0.0.1" if self.http_host in ("0.0.0.0", "::") else self.http_host
        return f"{self.http_scheme}://{f'[{host}]' if ':' in host else host}:{self.http_port}"

    @cached_property
    def recordings_folder(self) -> Path:
        """Where recordings lie, those of each account in a folder of their own."""
        return self.data_dir / "recordings"

    @cached_property
    def journal_folder(self) -> Path:
        """Where facts are kept while the database is away."""
        return self.data_dir / "journal"

    @cached_property
    def callers_allowed(self) -> tuple[Network, ...]:
        """Networks that may send calls."""
        return (*self.sip_allow, *LOOPBACK, *PRIVATE) if self.dev else self.sip_allow

    @cached_property
    def metrics_readers_allowed(self) -> tuple[Network, ...]:
        """Networks that may read the metrics."""
        return (*self.metrics_allow, *LOOPBACK, *PRIVATE) if self.dev else self.metrics_allow

    @cached_property
    def applications_allowed(self) -> tuple[Network, ...]:
        """Networks of applications that are not on public addresses."""
        return (*self.webhook_allow, *LOOPBACK, *PRIVATE) if self.dev else self.webhook_allow

    @cached_property
    def tts_order(self) -> tuple[str, ...]:
        """Names of the voices in the order in which they are tried."""
        return vendor_names(self.tts)

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
        begins_at = first + first % 2
        share = (count - first % 2) // self.workers // 2 * 2
        return begins_at + index * share, share
