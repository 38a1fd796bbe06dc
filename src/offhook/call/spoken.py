"""Who speaks a text, and what its customer should know of that. Told while it is spoken; several calls may hear it."""

from dataclasses import dataclass, field


@dataclass(slots=True)
class Spoken:
    """That of one text."""

    vendors: list[str] = field(default_factory=list)
    """Whose voices were heard, in order."""
    notices: list[tuple[int, str, str]] = field(default_factory=list)
    """Codes of notifications, the name of the voice that each is about, and its text."""
    was_left: bool = False
    """Whether a voice was left for another one."""

    def by(self, vendor: str) -> None:
        """A voice is heard."""
        if not self.vendors or self.vendors[-1] != vendor:
            self.vendors.append(vendor)

    def tell(self, code: int, vendor: str, message: str) -> None:
        """The customer should know this."""
        self.notices.append((code, vendor, message))
