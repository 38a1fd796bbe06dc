from typing import Any

import pytest
from pydantic import SecretStr, ValidationError

from offhook.config import Settings
from offhook.processes.message_carriers import email_carrier, message_carrier


@pytest.mark.parametrize(
    ("settings", "carriers"),
    [
        ({}, ("log", "log")),
        ({"sms": "HTTP", "sms_url": "https://gateway.example/send"}, ("http", "log")),
        (
            {"sms": "smpp", "smpp_host": "smsc.example", "smpp_system_id": "me", "smtp_host": "mail.example"},
            ("smpp", "smtp"),
        ),
    ],
)
async def test_the_settings_choose_the_carriers(settings: dict[str, Any], carriers: tuple[str, str]) -> None:
    chosen = Settings(**settings)
    assert (message_carrier(chosen).name, email_carrier(chosen).name) == carriers


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"sms": "http"}, "OFFHOOK_SMS_URL"),
        ({"sms": "http", "sms_url": "gateway.example"}, "https://gateway"),
        ({"sms": "smpp", "smpp_host": "smsc.example"}, "set OFFHOOK_SMPP_SYSTEM_ID"),
        ({"sms": "pigeon"}, "'log', 'http' or 'smpp'"),
        ({"sms_secret": SecretStr("short")}, "16 characters"),
        ({"smtp_from": "voice"}, "voice@example.com"),
        ({"smpp_password": SecretStr("longer than eight")}, "8"),
    ],
)
def test_what_is_missing_or_wrong_is_named(settings: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as wrong:
        Settings(**settings)
    assert words in str(wrong.value)
