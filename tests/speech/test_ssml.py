"""What is left of SSML once it is clean."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from offhook.speech.ssml import ELEMENTS, CleanSpeech, SsmlInvalid, clean, is_ssml, without_marks


@pytest.mark.parametrize(
    ("document", "markup", "text"),
    [
        (
            "<speak>Wait<break time='1s'/>here</speak>",
            '<speak>Wait<break time="1s"/>here</speak>',
            "Wait here",
        ),
        (
            "<speak>Call <say-as interpret-as='telephone'>555 0100</say-as>, please</speak>",
            '<speak>Call <say-as interpret-as="telephone">555 0100</say-as>, please</speak>',
            "Call 555 0100, please",
        ),
        (
            "<speak><prosody rate='slow' pitch='+10%'>a &lt; b &amp; c</prosody></speak>",
            '<speak><prosody rate="slow" pitch="+10%">a &lt; b &amp; c</prosody></speak>',
            "a < b & c",
        ),
        (
            "<?xml version='1.0'?><speak version='1.1' xml:lang='fr-FR'>Bonjour <lang xml:lang='en'>you</lang></speak>",
            '<speak xml:lang="fr-FR">Bonjour <lang xml:lang="en">you</lang></speak>',
            "Bonjour you",
        ),
        ("<speak><p>One.</p><p>Two.</p></speak>", "<speak><p>One.</p><p>Two.</p></speak>", "One. Two."),
        (
            "<speak>The <sub alias='first'>1st</sub></speak>",
            '<speak>The <sub alias="first">1st</sub></speak>',
            "The 1st",
        ),
        ("<speak>no marks</speak>", "", "no marks"),
    ],
)
def test_what_is_known_stays(document: str, markup: str, text: str) -> None:
    assert clean(document) == CleanSpeech(text=text, markup=markup)


@pytest.mark.parametrize(
    ("inside", "markup", "problem"),
    [
        (
            "<audio src='file:///etc/passwd'>a bell</audio>",
            "a bell",
            "<audio> was left out; only its text is spoken",
        ),
        ("<lexicon uri='http://x.example/'/>a", "a", "<lexicon> was left out"),
        ("<voice name='../../etc/passwd'>a</voice>", "a", "<voice> was left out; only its text is spoken"),
        ("<script>steal()</script>a", "a", "<script> was left out"),
        ("<break time='1h'/>a", "<break/>a", '<break> has no attribute time="1h" that could be spoken'),
        ("<prosody rate='9000%'>a</prosody>", "<prosody>a</prosody>", 'rate="9000%"'),
        ("<sub alias='&lt;audio/&gt;'>a</sub>", "<sub>a</sub>", "alias="),
    ],
)
def test_what_could_do_harm_goes_and_is_told(inside: str, markup: str, problem: str) -> None:
    cleaned = clean(f"<speak>{inside}<s>b</s></speak>")
    assert cleaned.markup == f"<speak>{markup}<s>b</s></speak>"
    assert len(cleaned.problems) == 1
    assert problem in cleaned.problems[0]


def test_pauses_are_cut_and_counted() -> None:
    cleaned = clean("<speak>a" + 20 * "<break time='99s'/>" + "</speak>")
    assert cleaned.markup == "<speak>a" + 6 * '<break time="10s"/>' + "</speak>"
    assert cleaned.problems == ("<break> was left out: the pauses are longer than 60 s in all",)


@pytest.mark.parametrize(
    ("document", "why"),
    [
        ("<speak>a", "Premature end"),
        ("<speak><b>a</speak>", "tag mismatch"),
        ("<speak>&boom;</speak>", "Entity 'boom'"),
        ("<!DOCTYPE a [<!ENTITY b 'c'>]><speak>&b;</speak>", "DOCTYPE"),
        ("<vxml>a</vxml>", "root is not <speak>"),
        ("<speak>" * 300, "depth"),
        ("", "empty"),
    ],
)
def test_what_is_no_ssml_is_refused(document: str, why: str) -> None:
    with pytest.raises(SsmlInvalid, match=why):
        clean(document)


def test_the_words_of_what_is_no_ssml_can_be_had() -> None:
    assert without_marks("<speak>Hello <b>you <break/>&amp; all") == "Hello you all"
    assert is_ssml("  <?xml version='1.0'?>\n<speak>")
    assert not is_ssml("speak up")
    assert not is_ssml("<speaker>")


MARKS = st.lists(
    st.sampled_from(
        [
            "<speak>",
            "</speak>",
            "<p>",
            "</p>",
            "<break time='20s'/>",
            "<audio src='x'/>",
            "<prosody rate='50%'>",
            "</prosody>",
            "&lt;",
            "&x;",
            "words ",
            "<x:y>",
            "<![CDATA[<p>]]>",
            "<!-- c -->",
            "\0",
            "\ud800",
            "é",
        ]
    ),
    max_size=30,
)


@given(MARKS)
def test_any_text_is_clean_or_refused(marks: list[str]) -> None:
    try:
        cleaned = clean(f"<speak>{''.join(marks)}</speak>")
    except SsmlInvalid:
        return
    if cleaned.markup:
        root = etree.fromstring(cleaned.markup.encode())
        assert {node.tag for node in root.iter()} <= set(ELEMENTS)
        assert clean(cleaned.markup).markup == cleaned.markup
