"""What an operator can set of the languages that applications speak: where those who made a language left it open."""

from typing import Any, Literal

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings


class LanguageSettings(BaseSettings):
    """Part of `config.Settings`."""

    vobiz_signature: Literal["vobiz", "vobiz+plivo"] = Field(
        "vobiz+plivo",
        description="Whose signatures requests to applications of Vobiz and Plivo bear: those of both (vobiz+plivo), or "
        "of Vobiz alone (vobiz).",
    )
    vobiz_no_input: Literal["notify", "redirect", "skip"] = Field(
        "notify",
        description="What follows a Gather of theirs without input: its action is told, and the next element runs "
        "(notify); its action is told, and its answer runs (redirect); the next element runs, and nobody is told (skip).",
    )
    vobiz_plus: bool = Field(
        False, description="Whether numbers are told to them with their +, as some pages of Vobiz have it."
    )

    @field_validator("vobiz_signature", "vobiz_no_input", mode="before")
    @classmethod
    def _lower(cls, value: Any) -> Any:
        return value.strip().lower() if isinstance(value, str) else value
