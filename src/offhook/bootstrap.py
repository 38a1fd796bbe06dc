"""The only place that picks implementations."""

from collections.abc import Mapping
from dataclasses import dataclass

from offhook.config import LOOPBACK, Settings
from offhook.records.database import Database
from offhook.speech.recogniser import Recogniser
from offhook.speech.voice import Decoder, Voice
from offhook.surroundings import Surroundings
from offhook.vendors.embedded.decoder import EmbeddedDecoder
from offhook.vendors.embedded.recogniser import EmbeddedRecogniser
from offhook.vendors.embedded.voice import EmbeddedVoice
from offhook.vendors.google import GoogleRecogniser
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.guard import AddressPolicy
from offhook.webhooks.limits import WebhookLimits

RECOGNISERS = ("embedded", "google")
"""Those that are always there; `custom:<name>` joins them for each engine that the operator names."""
VOICES = ("embedded",)


@dataclass(frozen=True, slots=True, kw_only=True)
class Speech:
    """What hears and speaks."""

    voice: Voice
    decoder: Decoder
    recognisers: Mapping[str, Recogniser]

    async def close(self) -> None:
        """Let go of connections."""
        await self.voice.close()
        for recogniser in self.recognisers.values():
            await recogniser.close()


def open_database(settings: Settings) -> Database:
    """The database that the settings name."""
    return Database(settings.resolved_database_url)


def open_speech(settings: Settings, surroundings: Surroundings) -> Speech:
    """The recognisers and the voice. Those in the cloud connect when they are first used."""
    sockets = tuple(surroundings.recogniser_socket(index) for index in range(settings.embedded_recognisers))
    return Speech(
        voice=EmbeddedVoice(surroundings.voice_socket),
        decoder=EmbeddedDecoder(surroundings.voice_socket),
        recognisers={
            "embedded": EmbeddedRecogniser(sockets, understands_free_speech=settings.embedded_free_speech),
            "google": GoogleRecogniser(model=settings.google_model, endpoint=settings.google_endpoint),
            **_custom_recognisers(settings),
        },
    )


def _custom_recognisers(settings: Settings) -> dict[str, Recogniser]:
    if not settings.custom_engines:
        return {}
    # Its WebSocket library is for those who have an engine: 20 ms and 2 MB a process.
    from offhook.vendors.custom import CustomRecogniser

    engines = settings.custom_engines.items()
    return {f"custom:{name}": CustomRecogniser(name, url, token=token) for name, (url, token) in engines}


def webhook_client(settings: Settings, *, also_loopback: bool = False) -> WebhookClient:
    """A client of applications; `also_loopback` for an application of our own."""
    allowed = (*settings.applications_allowed, *(LOOPBACK if also_loopback else ()))
    return WebhookClient(
        policy=AddressPolicy(allow=allowed),
        limits=WebhookLimits(
            connect_s=settings.webhook_connect_s,
            response_s=settings.webhook_response_s,
            total_s=settings.webhook_total_s,
        ),
    )
