"""Names of voices from elsewhere, and the speaker that is nearest to each."""

import pytest

from offhook.dialects.voice_names import NearVoice, nearest


@pytest.mark.parametrize(
    ("name", "speaker", "language"),
    [
        ("Polly.Joanna", "woman", None),
        ("Polly.Matthew-Neural", "man", None),
        ("Céline", "woman", "fr-FR"),
        ("Hans", "man", "de-DE"),
        ("alice", "woman", None),
        ("FEMALE", "woman", None),
        ("en-US-Wavenet-D", "man", "en-US"),
        ("Google.de-DE-Standard-A", "woman", "de-DE"),
        ("fr-FR-Chirp3-HD-B", "man", "fr-FR"),
        ("en-US-JennyNeural", "woman", "en-US"),
        ("en-US-GuyNeural", "man", "en-US"),
    ],
)
def test_a_name_from_elsewhere_has_a_near_speaker(name: str, speaker: str, language: str | None) -> None:
    assert nearest(name) == NearVoice(speaker, language)


@pytest.mark.parametrize("name", ["", "robot", "x" * 10_000, "-".join("a" * 5_000), "Polly."])
def test_a_name_that_tells_nothing_has_none(name: str) -> None:
    assert nearest(name) is None
