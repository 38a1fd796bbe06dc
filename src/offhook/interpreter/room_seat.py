"""A call's place in a room as its seat: who mutes the call mutes it there."""

from offhook.call.port import Place


class RoomSeat:
    """Fills `outbound_leg.Seat`."""

    def __init__(self, place: Place) -> None:
        self._place = place

    def mute(self, is_muted: bool) -> None:
        """Be heard in the room no more, or again."""
        self._place.change(is_heard=not is_muted)
