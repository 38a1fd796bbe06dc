"""The codecs that audio can travel in, and their names."""

from enum import StrEnum


class Codec(StrEnum):
    """A codec, under its name in SDP."""

    PCMU = "PCMU"
    """G.711 µ-law."""
    PCMA = "PCMA"
    """G.711 A-law."""
    G722 = "G722"
    OPUS = "opus"
    GSM = "GSM"


BY_NAME = {codec.lower(): codec for codec in Codec} | {
    "ulaw": Codec.PCMU,
    "alaw": Codec.PCMA,
    "g.722": Codec.G722,
}
ORDER = (Codec.PCMU, Codec.PCMA, Codec.G722, Codec.OPUS, Codec.GSM)
"""In which they are preferred unless set: what costs nothing first."""


def codecs_named(text: str) -> tuple[Codec, ...]:
    """Codecs by their names in any case, comma-separated. Raises ValueError that says what is wrong."""
    names = [part.strip() for part in text.split(",") if part.strip()]
    codecs = []
    for name in names:
        codec = BY_NAME.get(name.lower())
        if codec is None:
            raise ValueError(f"{name!r} is no codec of ours; write {', '.join(Codec)}, or some of them")
        if codec in codecs:
            raise ValueError(f"{codec} is there twice")
        codecs.append(codec)
    if not codecs:
        raise ValueError(f"name one codec, or several, comma-separated: {', '.join(Codec)}")
    return tuple(codecs)
