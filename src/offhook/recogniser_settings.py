"""What an operator can set of recognisers. Keys that voices share stand here too."""

import re
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_settings import BaseSettings

from offhook.setting_values import in_order, is_websocket_url, lacking, pairs
from offhook.speech.vendor_names import vendor_names

ASR_NEEDS: dict[str, tuple[tuple[str, ...], ...]] = {
    "deepgram": (("deepgram_key",),),
    "aws": (("aws_region",),),
    "microsoft": (("microsoft_key",), ("microsoft_region", "microsoft_asr_host")),
    "wyoming": (("wyoming_asr",),),
    "vosk": (("vosk_model",),),
    "sherpa-onnx": (("sherpa_model",),),
    "whisper": (("whisper_model",),),
}
"""Settings without which a recogniser is not there: one of each group."""


class RecogniserSettings(BaseSettings):
    """Part of `config.Settings`."""

    # Before `asr`, whose validator asks for the names.
    asr_custom: str | None = Field(
        None,
        description="Speech engines of your own, as name=wss://host/path (or ws://), comma-separated; "
        "docs/recognisers.md tells the protocol.",
    )
    asr_custom_tokens: SecretStr | None = Field(
        None, description="Bearer tokens for those engines that want one, as name=token, comma-separated."
    )
    deepgram_key: SecretStr | None = Field(None, description="API key of Deepgram.")
    deepgram_asr_model: str = Field("nova-3", description="Deepgram's recognition model.")
    deepgram_asr_url: str | None = Field(
        None,
        description="Another address of Deepgram's recogniser (ws:// or wss://), such as one of your own.",
    )
    aws_region: str | None = Field(
        None,
        description="AWS region, such as eu-central-1. Credentials are those of AWS's own variables and file.",
    )
    aws_asr_url: str | None = Field(
        None,
        description="Another address of Amazon Transcribe (ws:// or wss://), such as a private endpoint.",
    )
    microsoft_key: SecretStr | None = Field(
        None,
        description="Key of Azure AI Speech; it takes the package's extra: pip install 'offhook[microsoft]'.",
    )
    microsoft_region: str | None = Field(None, description="Azure region, such as westeurope.")
    microsoft_asr_host: str | None = Field(
        None, description="Address of Azure's recogniser in place of the region's, such as wss://host."
    )
    wyoming_asr: str | None = Field(
        None, description="Local recogniser that speaks Wyoming, as tcp://host:port."
    )
    vosk_model: Path | None = Field(None, description="Folder of a Vosk model; takes the extra vosk.")
    sherpa_model: Path | None = Field(
        None, description="Folder of a streaming transducer for sherpa-onnx; takes the extra sherpa-onnx."
    )
    whisper_model: Path | None = Field(
        None, description="Folder of a faster-whisper model; takes the extra whisper."
    )
    google_recognizer: str | None = Field(
        None,
        description="Google's recogniser for its API v2, as projects/P/locations/L/recognizers/R; _ for R takes none that is "
        "kept there.",
    )
    google_api: Literal["v1", "v2"] = Field(
        "v1", description="Version of Google's recognition API: v1 or v2."
    )
    google_model: str = Field("telephony", description="Google's recognition model.")
    google_endpoint: str | None = Field(
        None, description="Another address for Google Speech, such as a private endpoint or a test server."
    )
    asr: str = Field(
        "embedded",
        description="Speech recognisers in the order in which they are tried, comma-separated: embedded, google, deepgram, aws, "
        "microsoft, wyoming, vosk, sherpa-onnx, whisper, or custom:name for an engine of OFFHOOK_ASR_CUSTOM.",
    )
    embedded_recognisers: int = Field(1, ge=1, le=16, description="Processes of the embedded recogniser.")
    embedded_free_speech: bool = Field(
        False, description="Let the embedded recogniser try English without hints; its results are poor."
    )

    @field_validator("google_api", mode="before")
    @classmethod
    def _api_in_any_case(cls, value: Any) -> Any:
        return value.lower() if isinstance(value, str) else value

    @field_validator("asr_custom")
    @classmethod
    def _engines(cls, value: str | None) -> str | None:
        for name, url in pairs(value or "", "name=wss://host/path").items():
            if not is_websocket_url(url):
                raise ValueError(
                    f"the address of {name!r} must be like wss://host/path or ws://host:port/path, without a user, "
                    "a password or a #; a token goes into OFFHOOK_ASR_CUSTOM_TOKENS, a comma is written %2C"
                )
        return value or None

    @field_validator("asr_custom_tokens")
    @classmethod
    def _engine_tokens(cls, value: SecretStr | None, info: ValidationInfo) -> SecretStr | None:
        names = pairs(info.data.get("asr_custom") or "", "")
        for name, token in pairs(value.get_secret_value() if value else "", "name=token").items():
            if not re.fullmatch(r"[!-~]+", token):
                raise ValueError(f"the token of {name!r} must be visible ASCII without spaces")
            if "asr_custom" in info.data and name not in names:
                raise ValueError(
                    f"{name!r} has a token and no address; add {name}=wss://… to OFFHOOK_ASR_CUSTOM"
                )
        return value

    @field_validator("deepgram_asr_url", "aws_asr_url", "microsoft_asr_host")
    @classmethod
    def _websocket(cls, value: str | None) -> str | None:
        if value and not is_websocket_url(value):
            raise ValueError("write the address like wss://host/path, without a user, a password or a #")
        return value or None

    @field_validator("google_recognizer")
    @classmethod
    def _resource(cls, value: str | None) -> str | None:
        if value and not re.fullmatch(r"projects/[^/\s]+/locations/[a-z0-9-]+/recognizers/[^/\s]+", value):
            raise ValueError("write it like projects/my-project/locations/global/recognizers/_")
        return value or None

    @field_validator("google_api")
    @classmethod
    def _has_resource(cls, value: str, info: ValidationInfo) -> str:
        if value == "v2" and "google_recognizer" in info.data and not info.data["google_recognizer"]:
            raise ValueError(
                "v2 needs OFFHOOK_GOOGLE_RECOGNIZER, such as projects/my-project/locations/global/recognizers/_"
            )
        return value

    @field_validator("asr")
    @classmethod
    def _recognisers(cls, value: str, info: ValidationInfo) -> str:
        return in_order(vendor_names(value), lambda name: _check(name, info))

    @cached_property
    def asr_order(self) -> tuple[str, ...]:
        """Names of the recognisers in the order in which they are tried."""
        return vendor_names(self.asr)

    @cached_property
    def custom_engines(self) -> dict[str, tuple[str, str | None]]:
        """The URL and the token of each speech engine of the operator's own, by name."""
        tokens = pairs(self.asr_custom_tokens.get_secret_value() if self.asr_custom_tokens else "", "")
        return {name: (url, tokens.get(name)) for name, url in pairs(self.asr_custom or "", "").items()}

    def has_recogniser(self, name: str) -> bool:
        """Whether a recogniser that needs settings has them."""
        return all(any(getattr(self, field) for field in group) for group in ASR_NEEDS[name])


def _check(name: str, info: ValidationInfo) -> None:
    kind, colon, own_name = name.partition(":")
    if name in ("embedded", "google"):
        return
    if name in ASR_NEEDS:
        if lacks := lacking(ASR_NEEDS[name], info.data):
            raise ValueError(f"{name} needs {lacks}")
        return
    if kind != "custom" or not colon:
        raise ValueError(
            f"there is no {name!r}; write embedded, google, {', '.join(ASR_NEEDS)}, or custom:name for an engine of "
            "OFFHOOK_ASR_CUSTOM"
        )
    if "asr_custom" in info.data and own_name not in pairs(info.data["asr_custom"] or "", ""):
        raise ValueError(
            f"{name} needs its address: add {own_name or 'name'}=wss://host/path to OFFHOOK_ASR_CUSTOM"
        )
