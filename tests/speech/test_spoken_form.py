"""SSML for voices that do not know all of it, or none."""

from hypothesis import given
from hypothesis import strategies as st

from offhook.speech.spoken_form import plain_text, with_say_as_in_words
from offhook.speech.ssml import clean

DOCUMENT = (
    '<speak>Call <say-as interpret-as="telephone">555 0100</say-as>, <sub alias="please now">pls</sub>'
    '<break time="1s"/>or <p>wait &amp; see</p> <lang xml:lang="fr-FR"><say-as interpret-as="digits">12</say-as></lang></speak>'
)


def test_say_as_becomes_words_and_all_else_stays() -> None:
    assert with_say_as_in_words(DOCUMENT, "en-US") == (
        '<speak>Call five five five zero one zero zero, <sub alias="please now">pls</sub>'
        '<break time="1s"/>or <p>wait &amp; see</p> <lang xml:lang="fr-FR">1 2</lang></speak>'
    )


def test_what_a_voice_reads_by_itself_is_left_to_it() -> None:
    kept = with_say_as_in_words(DOCUMENT, "en-US", keep=frozenset({"digits"}))
    assert '<say-as interpret-as="digits">12</say-as>' in kept
    assert "five five five" in kept


def test_a_voice_without_ssml_gets_words_and_pauses() -> None:
    assert plain_text(DOCUMENT, "en") == (
        "Call five five five zero one zero zero, please now, or, wait & see, 1 2"
    )
    assert plain_text("<speak><p>One.</p><p>Two</p>!</speak>", "en") == "One. Two!"


@given(st.text(max_size=60), st.sampled_from(("date", "name", "currency", "characters", "cardinal")))
def test_any_text_stays_harmless(text: str, kind: str) -> None:
    plain = "".join(letter for letter in text if letter.isprintable() and letter not in "<>&")
    document = clean(f"<speak>a <say-as interpret-as='{kind}'>{plain}</say-as> b</speak>").markup
    again = clean(with_say_as_in_words(document, "en"))
    assert again.problems == ()
    assert "<" not in plain_text(document, "en").replace("less than", "")
