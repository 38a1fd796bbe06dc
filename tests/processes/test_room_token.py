"""Who is let into a room by a token, and what goes over the wire between workers."""

import json

import pytest

from offhook.interpreter.meetings import (
    Attendee,
    Called,
    Connected,
    Ear,
    Guest,
    Hears,
    InQueue,
    Muted,
    News,
    Over,
    Taker,
    Taped,
    Waiter,
)
from offhook.processes.room_token import HEADER, VALID_S, RoomPlace, sign, token_in, verified
from offhook.processes.room_words import (
    Coming,
    read_coming,
    read_news,
    read_prompts,
    write_coming,
    write_news,
    write_prompts,
)
from offhook.testing.scripted_call import SOME_CALL
from offhook.verbs import Method, Pause, Play, Say, Target

PLACE = RoomPlace("1" * 32, "2" * 32)
NOW = 1_700_000_000.0
SOUND = Target("http://app.example/music.wav", Method.GET)


def test_a_token_is_good_for_its_place_and_for_a_short_time() -> None:
    token = sign(PLACE, "secret", NOW)
    assert verified(token, "secret", NOW) == PLACE
    assert verified(token, "secret", NOW + VALID_S) == PLACE
    assert verified(token, "secret", NOW + VALID_S + 1) is None


@pytest.mark.parametrize("secret", ["Secret", ""])
def test_another_clusters_token_is_none(secret: str) -> None:
    assert verified(sign(PLACE, secret, NOW), "secret", NOW) is None


def test_not_one_character_of_a_token_can_be_another() -> None:
    token = sign(PLACE, "secret", NOW)
    for index, letter in enumerate(token):
        forged = token[:index] + ("0" if letter != "0" else "1") + token[index + 1 :]
        assert verified(forged, "secret", NOW) is None, index


@pytest.mark.parametrize("token", ["", "x", "." * 3, "1" * 32, "ü" * 140])
def test_junk_is_no_token(token: str) -> None:
    assert verified(token, "secret", NOW) is None


def test_the_header_is_found_in_any_case() -> None:
    assert token_in((("X-Other", "1"), (HEADER.lower(), "token"))) == "token"
    assert token_in((("X-Other", "1"),)) is None


@pytest.mark.parametrize(
    "guest",
    [
        Attendee(is_muted=True, starts=False, max_participants=3),
        Attendee(enter_beeps=2, exit_beeps=0, is_recorded=True, records_alone=False),
        Waiter(max_size=7),
        Taker(announcement=SOUND, is_recorded=True),
        Taker(),
    ],
)
def test_who_comes_is_read_as_it_was_written(guest: Guest) -> None:
    coming = read_coming(
        json.loads(json.dumps(write_coming(Coming(name="té ám", guest=guest, info=SOME_CALL))))
    )
    assert coming == Coming(name="té ám", guest=guest, info=SOME_CALL)


@pytest.mark.parametrize(
    "news",
    [
        Hears(Ear.HELD, SOUND),
        Hears(Ear.ROOM),
        Muted(True),
        Taped("3" * 32),
        Taped("3" * 32, is_own=False),
        InQueue(2, 5, 1.5),
        Called(SOUND),
        Called(),
        Connected("4" * 32),
        Over("ended"),
    ],
)
def test_news_are_read_as_they_were_written(news: News) -> None:
    assert read_news(json.loads(json.dumps(write_news(news)))) == news


def test_what_is_heard_of_a_coming_is_read_as_it_was_written() -> None:
    prompts = (
        Say(text="hello", vendors=("local",), extra=(("speed", 1.5),), line=3),
        Pause(length_s=2.0),
        Play(url="http://app.example/in.wav", is_skippable=True),
    )
    assert read_prompts(json.loads(json.dumps(write_prompts(prompts)))) == prompts
