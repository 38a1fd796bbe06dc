"""The embedded voice's languages and speakers, and how it works out unknown words; with the real library."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from offhook.vendors.embedded.espeak import Espeak, load
from offhook.vendors.embedded.languages import Languages
from offhook.vendors.embedded.pronunciation import phones_of
from offhook.vendors.embedded.speaking import PIECE_CHARACTERS, pieces

RESTCOMM = tuple(
    "bf bp en en-gb cf cs dan fi es fr de el it nl no pl pt ru ar ca sv tr zh-cn ja".split()  # noqa: SIM905
)


@pytest.fixture(scope="module")
def library() -> Espeak:
    return load()


@pytest.fixture(scope="module")
def languages(library: Espeak) -> Languages:
    return Languages(library.voices(), library.variants())


@pytest.mark.parametrize(
    "language", [*RESTCOMM, "en-US", "en_GB", "FR-fr", "es-AR", "pt-PT", "cmn-Hans-CN", "iw"]
)
def test_languages_that_applications_name_are_spoken(
    library: Espeak, languages: Languages, language: str
) -> None:
    voice = languages.choose(language, "woman")
    assert voice.is_language_known
    spoken = bytearray()

    def take(pcm: bytes) -> bool:
        spoken.extend(pcm)
        return True

    assert library.speak("1 2 3", voice.identifier, 160, take)
    assert len(spoken) > library.sample_rate_hz


@pytest.mark.parametrize(
    ("language", "taken"),
    [
        ("en", "en-us"),
        ("en-CA", "en-us"),
        ("en-AU", "en-gb"),
        ("en-GB", "en-gb"),
        ("en-XX", "en-us"),
        ("bf", "fr-be"),
        ("bp", "pt-br"),
        ("cf", "fr"),
        ("dan", "da"),
        ("es-ES", "es"),
        ("es-MX", "es-mx"),
        ("es-CO", "es-419"),
        ("zh-CN", "zh"),
        ("zh-HK", "yue"),
        ("de-CH", "de"),
        ("sr-Latn-RS", "sr"),
    ],
)
def test_a_language_finds_the_voice_nearest_to_it(languages: Languages, language: str, taken: str) -> None:
    assert languages.choose(language, "").language == taken


@pytest.mark.parametrize("language", ["", "xx", "tlh-QX", "english please", "-"])
def test_an_unknown_language_is_spoken_in_english_and_said_so(languages: Languages, language: str) -> None:
    voice = languages.choose(language, "man")
    assert (voice.language, voice.is_language_known, voice.is_speaker_known) == ("en-us", False, True)


def test_speakers_are_men_women_or_the_librarys_own(languages: Languages) -> None:
    man, woman = languages.choose("en", "man"), languages.choose("en", "WOMAN")
    assert man.identifier != woman.identifier
    assert languages.choose("en", "") == man
    assert languages.choose("en", "henrique").speaker == "Henrique"
    unknown = languages.choose("en", "Polly.Joanna")
    assert (unknown.identifier, unknown.is_speaker_known) == (man.identifier, False)


@given(language=st.text(max_size=20), speaker=st.text(max_size=20))
def test_any_name_finds_a_voice(languages: Languages, language: str, speaker: str) -> None:
    assert languages.choose(language, speaker).identifier


@pytest.mark.parametrize(
    ("word", "phones"),
    [
        ("offhook", "AO F HH UH K"),
        ("billing", "B IH L IH NG"),
        ("church", "CH ER CH"),
        ("zyx", "Z IH K S"),
    ],
)
def test_unknown_words_sound_as_they_are_spelled(library: Espeak, word: str, phones: str) -> None:
    assert phones_of(library.sounds(word, "gmw/en-US")) == phones


@given(st.text())
def test_pieces_lose_no_word_of_a_text(text: str) -> None:
    cut = list(pieces(text))
    assert "".join("".join(piece for _, piece in cut).split()) == "".join(text.split())
    assert all(piece and len(piece) <= PIECE_CHARACTERS for _, piece in cut)


@given(st.text(max_size=3000), st.integers(0, 10))
def test_after_any_piece_the_rest_of_a_text_is_cut_as_it_would_have_been(text: str, number: int) -> None:
    cut = [(0, ""), *pieces(text)]
    end, _ = cut[min(number, len(cut) - 1)]
    rest = [(end + later, piece) for later, piece in pieces(text[end:])]
    assert rest == [(later, piece) for later, piece in cut[1:] if later > end]


def test_a_long_text_is_cut_after_sentences() -> None:
    sentence = "This is the end of a sentence, and it is not a short one. "
    cut = list(pieces(sentence * 50))
    assert all(piece.endswith("one.") for _, piece in cut)
    assert len(cut) < 10
