"""Where SSML is cut, and that nothing of it is lost."""

from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from offhook.speech.ssml import clean
from offhook.speech.ssml_sentences import ssml_sentences


def test_each_sentence_carries_its_marks() -> None:
    markup = (
        '<speak xml:lang="en-GB">Hello. <prosody rate="slow">One &amp; two. Three <break time="1s"/> four.'
        '<emphasis>Five.</emphasis></prosody> Six. <say-as interpret-as="date">1. 2. 2016</say-as></speak>'
    )
    assert ssml_sentences(markup) == [
        '<speak xml:lang="en-GB">Hello.</speak>',
        '<speak xml:lang="en-GB"><prosody rate="slow">One &amp; two.</prosody></speak>',
        '<speak xml:lang="en-GB"><prosody rate="slow">Three <break time="1s"/> four.<emphasis>Five.</emphasis></prosody>'
        " Six.</speak>",
        '<speak xml:lang="en-GB"><say-as interpret-as="date">1. 2. 2016</say-as></speak>',
    ]


def test_a_pause_opens_what_follows_it_and_an_abbreviation_ends_nothing() -> None:
    assert ssml_sentences('<speak>Hello. <break time="1s"/> Ask Dr. <emphasis>No</emphasis>.</speak>') == [
        "<speak>Hello.</speak>",
        '<speak><break time="1s"/> Ask Dr. <emphasis>No</emphasis>.</speak>',
    ]


def test_paragraphs_are_cut_and_pauses_are_kept() -> None:
    assert ssml_sentences('<speak><p>One</p><p>Two</p><break time="1s"/></speak>') == [
        "<speak><p>One</p></speak>",
        "<speak><p>Two</p></speak>",
        '<speak><break time="1s"/></speak>',
    ]
    assert ssml_sentences("<speak> </speak>") == []


def test_a_sentence_in_many_marks_is_cut_where_it_grows_too_long() -> None:
    markup = f"<speak>{'one two <emphasis>three</emphasis> ' * 50}</speak>"
    pieces = ssml_sentences(markup, longest=60)
    assert len(pieces) > 8
    assert all(len("".join(etree.fromstring(piece).itertext())) <= 90 for piece in pieces)


TEXTS = st.text(alphabet=st.sampled_from("ab .!?。&é"), max_size=30)


@st.composite
def documents(draw: st.DrawFn) -> str:
    parts = []
    for _ in range(draw(st.integers(0, 6))):
        name = draw(st.sampled_from(("p", "s", "emphasis", "say-as", "prosody")))
        text = draw(TEXTS).replace("&", "&amp;")
        parts.append(f"{draw(TEXTS).replace('&', '&amp;')}<{name}>{text}<break/></{name}>")
    return f"<speak>{''.join(parts)}{draw(TEXTS).replace('&', '&amp;')}</speak>"


@given(documents(), st.integers(5, 60))
def test_no_word_is_lost_and_each_piece_is_a_document(document: str, longest: int) -> None:
    markup = clean(document).markup or "<speak/>"
    pieces = [etree.fromstring(piece) for piece in ssml_sentences(markup, longest=longest)]
    assert all(piece.tag == "speak" for piece in pieces)
    said = "".join("".join(piece.itertext()) for piece in pieces)
    assert "".join(said.split()) == "".join("".join(etree.fromstring(markup).itertext()).split())
