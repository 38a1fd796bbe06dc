"""What one language in XML calls things: the part of reading in which such languages differ."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Vocabulary:
    """A language's own words, limits, and the codes of its notifications."""

    name: str
    """What developers call the language, for messages."""
    say: str
    """The element that speaks its text."""
    not_well_formed: int
    """The code of a document that is no XML, or XML that is refused; ends it."""
    too_large: int
    """The code of a document over the size limit; ends it."""
    schema: int
    """The code of whatever has no code of its own; the document goes on."""
    invalid_uri: int
    """The code of a URL that is none; ends the document."""
    method: int
    """The code of an HTTP method that is none; the document goes on."""
    most_bytes: int = 65_536
    most_attribute_bytes: int = 8_192
    repairs_ampersands: bool = True
    """Whether a bare & is read as &amp;, with a problem; else it ends the document."""
    resolves_relative_urls: bool = True
    """Whether a URL may be relative to that of the document."""
    elsewhere: Mapping[str, str] = field(default_factory=dict)
    """Names that other languages of the field have for its elements and attributes, in lower case without hyphens."""
    attribute_hints: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """What is to be known of attributes that it does not have, by element and attribute."""
