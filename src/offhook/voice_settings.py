"""What an operator can set of voices other than the embedded one. Keys that recognisers share stand in `recogniser_settings`."""

import re
from collections.abc import Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from offhook.setting_values import is_http_url, is_websocket_url, lacking, pairs

TTS_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "google": (),
    "aws": (("aws_region",),),
    "microsoft": (("microsoft_key",), ("microsoft_region", "microsoft_tts_url")),
    "deepgram": (("deepgram_key",),),
    "elevenlabs": (("elevenlabs_key",),),
    "wyoming": (("wyoming_tts",),),
    "piper": (("piper_voice",),),
}
"""Settings without which a voice is not there: one of each group."""


class VoiceSettings(BaseSettings):
    """Part of `config.Settings`."""

    tts_custom: str | None = Field(
        None,
        description="Voices of your own, as name=https://host/path (or http://, ws://, wss://), comma-separated; "
        "docs/voices.md tells the protocol.",
    )
    tts_custom_tokens: SecretStr | None = Field(
        None, description="Bearer tokens for those voices that want one, as name=token, comma-separated."
    )
    google_tts_endpoint: str | None = Field(
        None,
        description="Another address for Google Text-to-Speech, which takes the package's extra google-voice.",
    )
    aws_tts_engine: str = Field("neural", description="Engine of Amazon Polly.")
    aws_tts_url: str | None = Field(
        None, description="Another address of Amazon Polly (http:// or https://)."
    )
    microsoft_tts_url: str | None = Field(
        None, description="Address of Azure's voice in place of the region's, such as https://host."
    )
    deepgram_tts_url: str | None = Field(
        None, description="Another address of Deepgram's voice (http:// or https://)."
    )
    elevenlabs_key: SecretStr | None = Field(None, description="API key of ElevenLabs.")
    elevenlabs_model: str = Field("eleven_flash_v2_5", description="ElevenLabs' model.")
    elevenlabs_url: str | None = Field(
        None, description="Another address of ElevenLabs (http:// or https://)."
    )
    wyoming_tts: str | None = Field(None, description="Local voice that speaks Wyoming, as tcp://host:port.")
    piper_voice: Path | None = Field(
        None,
        description="File of a Piper voice (.onnx, with its .onnx.json beside it); takes the extra piper.",
    )
    tts_kept_mb: int = Field(
        200,
        ge=0,
        le=100_000,
        description="Megabytes of speech of other voices than the embedded one that are kept on disk, in the data directory; "
        "0 keeps none.",
    )

    @field_validator("tts_custom")
    @classmethod
    def _voices(cls, value: str | None) -> str | None:
        for name, url in pairs(value or "", "name=https://host/path").items():
            if not is_http_url(url) and not is_websocket_url(url):
                raise ValueError(
                    f"the address of {name!r} must be like https://host/path or wss://host/path, without a user, "
                    "a password or a #; a token goes into OFFHOOK_TTS_CUSTOM_TOKENS, a comma is written %2C"
                )
        return value or None

    @field_validator("tts_custom_tokens")
    @classmethod
    def _voice_tokens(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        names = pairs(info.data.get("tts_custom") or "", "")
        for name, token in pairs(value.get_secret_value() if value else "", "name=token").items():
            if not re.fullmatch(r"[!-~]+", token):
                raise ValueError(f"the token of {name!r} must be visible ASCII without spaces")
            if "tts_custom" in info.data and name not in names:
                raise ValueError(
                    f"{name!r} has a token and no address; add {name}=https://… to OFFHOOK_TTS_CUSTOM"
                )
        return value

    @field_validator("aws_tts_url", "microsoft_tts_url", "deepgram_tts_url", "elevenlabs_url")
    @classmethod
    def _voice_address(cls, value: str | None) -> str | None:
        if value and not is_http_url(value):
            raise ValueError("write the address like https://host, without a user, a password or a #")
        return value or None

    @cached_property
    def custom_voices(self) -> dict[str, tuple[str, str | None]]:
        """The URL and the token of each voice of the operator's own, by name."""
        tokens = pairs(self.tts_custom_tokens.get_secret_value() if self.tts_custom_tokens else "", "")
        return {name: (url, tokens.get(name)) for name, url in pairs(self.tts_custom or "", "").items()}

    def has_voice(self, name: str) -> bool:
        """Whether a voice that needs settings has them."""
        return all(any(getattr(self, field) for field in group) for group in TTS_NEEDS[name])


def check_voice(name: str, given: Mapping[str, Any]) -> None:
    """Raises ValueError where there is no such voice, or it lacks a setting; `given` are the settings."""
    kind, colon, own_name = name.partition(":")
    if name == "embedded":
        return
    if name in TTS_NEEDS:
        if lacks := lacking(TTS_NEEDS[name], given):
            raise ValueError(f"{name} needs {lacks}")
        return
    if kind != "custom" or not colon:
        raise ValueError(
            f"there is no {name!r}; write embedded, {', '.join(TTS_NEEDS)}, or custom:name for a voice of OFFHOOK_TTS_CUSTOM"
        )
    if "tts_custom" in given and own_name not in pairs(given["tts_custom"] or "", ""):
        raise ValueError(
            f"{name} needs its address: add {own_name or 'name'}=https://host/path to OFFHOOK_TTS_CUSTOM"
        )
