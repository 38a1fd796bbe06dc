"""The only place that picks implementations."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from offhook.call.signing import Tokens
from offhook.config import LOOPBACK, Settings
from offhook.dialects.vobiz import signatures
from offhook.recogniser_registry import configured_recognisers
from offhook.records.accounts import Accounts
from offhook.records.database import Database
from offhook.records.sealing import SecretBox
from offhook.records.secret_keys import FILE_NAME, KeyFile, SetKeys
from offhook.speech.recogniser import Recogniser
from offhook.speech.voice import Decoder, Voice
from offhook.surroundings import Surroundings
from offhook.vendors.embedded.decoder import EmbeddedDecoder
from offhook.vendors.embedded.recogniser import EmbeddedRecogniser
from offhook.vendors.embedded.voice import EmbeddedVoice
from offhook.vendors.google import GoogleApi, GoogleRecogniser
from offhook.vendors.google_v1 import GoogleV1
from offhook.vendors.google_v2 import GoogleV2
from offhook.voice_registry import configured_voices
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.clients import Clients
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.limits import WebhookLimits
from offhook.webhooks.own_ports import OwnPorts, with_database
from offhook.webhooks.tokens import KnownTokens
from offhook.webhooks.watch import Watch

if TYPE_CHECKING:
    from offhook.tracing import CallTracer

RECOGNISERS = ("embedded", "google")
"""Those that are always there; those of `recogniser_registry` join them where they have their settings, and
`custom:<name>` for each engine that the operator names."""
VOICES = ("embedded",)
"""The one that is always there; those of `voice_registry` join it where they have their settings."""
WHOLE_TEXTS = frozenset(VOICES)
"""Voices that make several sentences in no time, and speak them better together."""
DEMONSTRATION = "the demonstration application"


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What hears and speaks."""

    voices: Mapping[str, Voice]
    """All there are, by name."""
    decoder: Decoder
    recognisers: Mapping[str, Recogniser]

    async def close(self) -> None:
        """Let go of connections."""
        for voice in self.voices.values():
            await voice.close()
        for recogniser in self.recognisers.values():
            await recogniser.close()


def secret_keys(settings: Settings) -> SetKeys | KeyFile:
    """The keys that secrets are sealed with."""
    if settings.secret_key is None:
        return KeyFile(settings.data_dir / FILE_NAME)
    previous = settings.secret_key_previous
    return SetKeys(settings.secret_key.get_secret_value(), (previous.get_secret_value(),) if previous else ())


def open_database(settings: Settings) -> Database:
    """The database that the settings name."""
    return Database(settings.resolved_database_url, secrets=SecretBox(secret_keys(settings)))


def open_speech(settings: Settings, surroundings: Surroundings) -> Speech:
    """The recognisers and the voices. Those in the cloud connect when they are first used."""
    sockets = tuple(surroundings.recogniser_socket(index) for index in range(settings.embedded_recognisers))
    decoder = EmbeddedDecoder(surroundings.voice_socket)
    voices: dict[str, Voice] = {
        "embedded": EmbeddedVoice(surroundings.voice_socket),
        **configured_voices(settings, decoder),
    }
    return Speech(
        voices=voices,
        decoder=decoder,
        recognisers={
            "embedded": EmbeddedRecogniser(sockets, understands_free_speech=settings.embedded_free_speech),
            "google": GoogleRecogniser(
                model=settings.google_model, endpoint=settings.google_endpoint, api=_google_api(settings)
            ),
            **configured_recognisers(settings),
            **_custom_recognisers(settings),
        },
    )


def _google_api(settings: Settings) -> GoogleApi:
    """The version of the API that the settings choose."""
    if settings.google_api == "v2" and settings.google_recognizer is not None:
        return GoogleV2(settings.google_recognizer)
    return GoogleV1()


def _custom_recognisers(settings: Settings) -> dict[str, Recogniser]:
    if not settings.custom_engines:
        return {}
    # Its WebSocket library is for those who have an engine: 20 ms and 2 MB a process.
    from offhook.vendors.custom import CustomRecogniser

    engines = settings.custom_engines.items()
    return {f"custom:{name}": CustomRecogniser(name, url, token=token) for name, (url, token) in engines}


def open_clients(
    settings: Settings, surroundings: Surroundings, database: Database, watch: Watch | None = None
) -> Clients:
    """What asks and tells the applications of all accounts. Looks the first account up, so it may block.

    `watch` is told of each exchange.
    """
    accounts = Accounts(database)
    first, _, _ = accounts.ensure_first(settings.account_sid, None)
    own = own_ports(settings, surroundings)
    demonstration = None
    if surroundings.demo_url is not None:
        own_but_it = replace(
            own, here={port: name for port, name in own.here.items() if name != DEMONSTRATION}
        )
        demonstration = webhook_client(settings, AddressPolicy(allow=LOOPBACK, own=own_but_it), watch)

    def tokens(account_sid: str) -> Tokens:
        account = accounts.get(account_sid)
        return (account.auth_token,) if account is not None else ()

    def parent_tokens(account_sid: str) -> Tokens:
        account = accounts.get(account_sid)
        return tokens(account.parent_sid) if account is not None and account.parent_sid is not None else ()

    return Clients(
        first_account_sid=first.sid,
        trusted=webhook_client(settings, AddressPolicy(allow=settings.applications_allowed, own=own), watch),
        strict=webhook_client(settings, AddressPolicy(is_strict=True, own=own), watch),
        demonstration=demonstration,
        tokens=KnownTokens(tokens),
        parent_tokens=KnownTokens(parent_tokens),
    )


def own_ports(settings: Settings, surroundings: Surroundings) -> OwnPorts:
    """Where this server itself listens. Resolves the database's host, so it may block."""
    sip_ports = (settings.sip_port, *(settings.worker_sip_port(index) for index in range(settings.workers)))
    here = {port: "SIP" for port in sip_ports if port}
    here |= dict.fromkeys(surroundings.door_ports, "a worker's door")
    demo_port = urlsplit(surroundings.demo_url or "").port
    if demo_port is not None:
        here[demo_port] = DEMONSTRATION
    here[settings.http_port] = "REST"
    return with_database(
        OwnPorts(here=here, also_here=frozenset({settings.public_address or ""})),
        settings.resolved_database_url,
    )


def webhook_client(
    settings: Settings, policy: AddressPolicy | None = None, watch: Watch | None = None
) -> WebhookClient:
    """A client of applications; without a `policy`, it reaches what the operator's own may."""
    return WebhookClient(
        policy=policy or AddressPolicy(allow=settings.applications_allowed),
        limits=WebhookLimits(
            connect_s=settings.webhook_connect_s,
            response_s=settings.webhook_response_s,
            total_s=settings.webhook_total_s,
        ),
        schemes_of=signatures.SCHEMES,
        watch=watch,
    )


def open_tracer(settings: Settings, process: str) -> "CallTracer | None":
    """What traces calls; None, and nothing loaded, where no collector is set. Raises ImportError without its packages."""
    if settings.otlp_endpoint is None:
        return None
    from offhook.tracing import CallTracer

    return CallTracer(settings.otlp_endpoint, process=process)
