"""The dialect's page names all that is read."""

import re
from pathlib import Path

import offhook.dialects.vobiz
from offhook.dialects.vobiz import codes, conference, dial, gather, get_digits, message, record, stream
from offhook.dialects.vobiz.read import _KNOWN

PAGE = (Path(offhook.dialects.vobiz.__file__).parent / "README.md").read_text()
WORDS = frozenset(re.findall("[A-Za-z]+", PAGE))


def test_it_names_every_element() -> None:
    assert {"Number", "User", *_KNOWN} - WORDS == set()


def test_it_names_every_attribute() -> None:
    modules = (conference, dial, gather, get_digits, message, record, stream)
    attributes = {name for module in modules for name in module._ATTRIBUTES} | set(conference._NOT_SERVED)
    assert attributes - WORDS == set()


def test_it_names_every_code_that_ends_a_document() -> None:
    ending = (codes.ACTION_URL, codes.REDIRECT_URL, codes.ACTION_METHOD, codes.REDIRECT_METHOD)
    assert [code for code in ending if str(code) not in PAGE] == []
