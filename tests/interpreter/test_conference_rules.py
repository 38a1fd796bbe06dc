"""The rules of a conference, as properties: whatever happens in whatever order, these hold."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from offhook.call.voice_rows import ConferenceStatus
from offhook.interpreter import conference_rules as rules
from offhook.interpreter.meetings import Attendee, Ear, MeetingRefused, MemberUnknown
from offhook.verbs import ConferenceEnd

CALLS = st.sampled_from(["a", "b", "c", "d"])
GUESTS = st.builds(
    Attendee,
    is_muted=st.booleans(),
    enter_beeps=st.integers(0, 2),
    exit_beeps=st.integers(0, 2),
    records_alone=st.booleans(),
    starts=st.booleans(),
    ends=st.booleans(),
    max_participants=st.integers(1, 4),
    is_recorded=st.booleans(),
)
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), CALLS, GUESTS),
        st.tuples(st.just("leave"), CALLS, st.none()),
        st.tuples(st.just("dismiss"), CALLS, st.none()),
        st.tuples(st.just("mute"), CALLS, st.booleans()),
        st.tuples(st.just("hold"), CALLS, st.booleans()),
        st.tuples(st.just("deafen"), CALLS, st.booleans()),
        st.tuples(st.just("end"), st.none(), st.none()),
    ),
    max_size=40,
)


class World:
    """What the actions do to callers."""

    def __init__(self) -> None:
        self.rules = rules.ConferenceRules()
        self.places: dict[str, rules.Place] = {}
        self.ears: dict[str, rules.Turn] = {}
        self.statuses: list[ConferenceStatus] = []
        self.closes = self.tapes = 0
        self.has_begun = False

    def do(self, deed: str, call_id: str, detail: object) -> None:
        before = {member.call_id: member for member in self.rules.members}
        try:
            actions = self._actions(deed, call_id, detail)
        except (MeetingRefused, MemberUnknown):
            assert {member.call_id: member for member in self.rules.members} == before
            return
        if deed == "leave":
            self.places.pop(call_id, None)
        for action in actions:
            self._take(action)
        self.has_begun |= any(member.starts for member in self.rules.members)

    def _actions(self, deed: str, call_id: str, detail: object) -> rules.Actions:
        match deed, detail:
            case "join", Attendee() as guest:
                return self.rules.join(call_id, guest)
            case "mute", bool(is_muted):
                return self.rules.mute(call_id, is_muted)
            case "hold", bool(is_held):
                return self.rules.hold(call_id, is_held)
            case "deafen", bool(is_deaf):
                return self.rules.deafen(call_id, is_deaf)
            case "leave", _:
                return self.rules.leave(call_id)
            case "dismiss", _:
                return self.rules.dismiss(call_id)
            case _:
                return self.rules.end()

    def _take(self, action: rules.Action) -> None:
        match action:
            case rules.Place(call_id):
                self.places[call_id] = action
                self._nobody_hears_too_much()
            case rules.Turn(call_id):
                self.ears[call_id] = action
            case rules.TellStatus(status):
                self.statuses.append(status)
            case rules.BeginTape():
                self.tapes += 1
            case rules.Dismiss(call_id, end):
                assert end in (ConferenceEnd.REMOVED, ConferenceEnd.ENDED)
                self.places.pop(call_id, None)
            case rules.Close():
                self.closes += 1

    def _nobody_hears_too_much(self) -> None:
        """Also between two actions nobody who is held, or waits, hears somebody."""
        members = {member.call_id: member for member in self.rules.members}
        for place in self.places.values():
            member = members.get(place.call_id)
            if member is not None and member.is_held:
                assert not (place.hears and self.ears[place.call_id].ear is Ear.HELD)


@settings(max_examples=150, deadline=None)
@given(DEEDS)
def test_whatever_happens_each_hears_what_they_shall(deeds: list[tuple[str, str, object]]) -> None:
    world = World()
    for deed in deeds:
        world.do(*deed)
        members = world.rules.members
        assert set(world.places) >= {member.call_id for member in members}
        for member in members:
            place, ear = world.places[member.call_id], world.ears[member.call_id].ear
            inside = world.has_begun and not member.is_held
            assert place.hears == (inside and not member.is_deaf)
            assert place.is_heard == (inside and not member.is_muted)
            # Music is heard by those who wait or are held, and by nobody else.
            assert ear is (Ear.HELD if member.is_held else Ear.ROOM if world.has_begun else Ear.WAITING)
        if world.statuses:
            assert world.rules.is_over == (not members)
            assert world.closes == int(not members)
            assert world.statuses[-1].is_final == (not members)
        assert world.tapes <= 1
        for one, other in zip(world.statuses, world.statuses[1:], strict=False):
            assert one is not other


def test_the_states_of_a_conference() -> None:
    world = World()
    world.do("join", "a", Attendee(starts=False))
    world.do("join", "b", Attendee(starts=True))
    world.do("leave", "b", None)
    world.do("join", "c", Attendee(starts=True, ends=True))
    world.do("leave", "c", None)
    assert world.statuses == [
        ConferenceStatus.INITIALIZING,
        ConferenceStatus.MODERATOR_PRESENT,
        ConferenceStatus.MODERATOR_ABSENT,
        ConferenceStatus.MODERATOR_PRESENT,
        ConferenceStatus.STOPPING,
        ConferenceStatus.COMPLETED,
    ]


def test_a_full_conference_takes_nobody_and_stays_as_it_is() -> None:
    conference = rules.ConferenceRules()
    conference.join("a", Attendee(max_participants=1))
    with pytest.raises(MeetingRefused) as refused:
        conference.join("b", Attendee(max_participants=1))
    assert refused.value.end is ConferenceEnd.FULL
    assert [member.call_id for member in conference.members] == ["a"]


def test_who_goes_is_told_of_before_it_takes_effect() -> None:
    conference = rules.ConferenceRules()
    conference.join("a", Attendee())
    conference.join("b", Attendee())
    told, put_out, *rest = conference.dismiss("b")
    assert isinstance(told, rules.TellMember)
    assert told.has_left
    assert put_out == rules.Dismiss("b", ConferenceEnd.REMOVED)
    assert rest == [rules.Beep(is_entry=False)]
