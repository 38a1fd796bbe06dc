"""What was told of an utterance, so that a process that hears it again tells nothing twice.

Pure: events in, events out.
"""

from offhook.speech.recogniser import Final, Partial, SpeechEvent, SpeechStarted


class ToldEvents:
    """The events of one utterance."""

    def __init__(self) -> None:
        self.has_started = False
        """Whether speech was noticed."""
        self.has_final = False
        """Whether the words are told for good."""
        self.is_repeating = False
        """Whether a process hears what another one heard before."""
        self._partial = Partial("")
        self._held: Partial | None = None

    def news(self, event: SpeechEvent) -> SpeechEvent | None:
        """The event, if it is to be told; None where it was, or tells less than what was told."""
        match event:
            case SpeechStarted():
                if self.has_started:
                    return None
                self.has_started = True
            case Partial():
                if self.is_repeating:
                    self._held = event
                    return None
                self._partial = event
            case Final():
                self.has_final = True
        return event

    def repeat(self) -> None:
        """From here on another process hears the utterance from its beginning."""
        self.is_repeating, self._held = True, None

    def catch_up(self) -> Partial | None:
        """It has heard all that the one before it had; the partial to be told, if it understood something else."""
        held, self._held, self.is_repeating = self._held, None, False
        if held is None or self._partial.text.startswith(held.text):
            return None
        self._partial = held
        return held
