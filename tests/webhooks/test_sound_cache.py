"""What is fetched, what is used again, and which files are there: prompts over a real client and server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from offhook.call.errors import FetchFailed, PromptUnusable
from offhook.call.port import Audio
from offhook.interpreter.freshness import ALWAYS
from offhook.interpreter.prompts import LONGEST_KEPT_TEXT, PromptStore
from offhook.interpreter.sound_cache import OVERHEAD_BYTES, Sound, SoundCache
from offhook.speech.voice import VoiceOptions
from offhook.testing.fake_speech import FakeVoice, SilentDecoder
from offhook.verbs import Play, Say
from offhook.webhooks.client import WebhookClient
from offhook.webhooks.limits import WebhookLimits
from tests.webhooks.conftest import LOOPBACK
from tests.webhooks.server import Application, Connection, Received, Script, head, never, page, redirect

DAY = "max-age=86400"
SECOND_BYTES = 16_000
"""Samples of one second."""


class Clock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now


class CountingVoice(FakeVoice):
    """A voice that remembers what it was asked to say."""

    def __init__(self) -> None:
        super().__init__()
        self.spoken: list[tuple[str, VoiceOptions]] = []

    async def speak(self, text: str, options: VoiceOptions) -> AsyncIterator[bytes]:
        self.spoken.append((text, options))
        await asyncio.sleep(0)
        async for piece in super().speak(text, options):
            yield piece


class World:
    """A store with all that it stands on."""

    def __init__(self, client: WebhookClient, folder: Path, cache_bytes: int) -> None:
        self.clock = Clock()
        self.voice = CountingVoice()
        self.folder = folder
        self.store = PromptStore(
            fetch=client,
            voice=self.voice,
            decoder=SilentDecoder(),
            folder=folder,
            cache_bytes=cache_bytes,
            clock=self.clock,
        )

    async def heard(self, prompt: Say | Play) -> Audio:
        """What a call would play, whose file was there while it did."""
        async with self.store.ready(prompt) as audio:
            assert audio.path.stat().st_size == 44 + round(audio.duration_s * SECOND_BYTES)
            return audio

    @property
    def files(self) -> set[Path]:
        return set(self.folder.iterdir())


@pytest.fixture
def world(client: WebhookClient, tmp_path: Path) -> World:
    return World(client, tmp_path, 1_000_000)


def sound(seconds: float = 1.0, **headers: str) -> Script:
    return page(200, f"{seconds} s", "audio/wav", **headers)


def not_modified(**headers: str) -> Script:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}

    async def answer(_received: Received, connection: Connection) -> None:
        await connection.send(head(304, lines))

    return answer


class Gate:
    """A script that lets the answer out when told to."""

    def __init__(self, then: Script) -> None:
        self.opened = asyncio.Event()
        self._then = then

    async def __call__(self, received: Received, connection: Connection) -> None:
        async with asyncio.timeout(20.0):
            await self.opened.wait()
        await self._then(received, connection)


async def test_a_fresh_sound_is_not_asked_for_again(app: Application, world: World) -> None:
    play = Play(url=app.on("/a.wav", sound(1.5, Cache_Control="public, max-age=60", Age="20")))
    first = await world.heard(play)
    assert (first.duration_s, first.label) == (1.5, play.url)
    world.clock.now += 39.0
    assert await world.heard(play) == first
    assert len(app.requests) == 1
    assert world.files == {first.path}
    world.clock.now += 1.0
    second = await world.heard(play)
    assert len(app.requests) == 2
    assert world.files == {second.path} != {first.path}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Cache_Control": "no-store, max-age=60", "ETag": '"1"'},
        {"Cache_Control": "max-age=0"},
        {"Cache_Control": "max-age=soon"},
        {"Cache_Control": "max-age=60, max-age=90"},
        {"Cache_Control": "no-cache"},
        {"Cache_Control": "max-age=60, no-cache"},
        {"Cache_Control": "max-age=60", "Vary": "*"},
        {"Cache_Control": "max-age=60", "Age": "60"},
        {"Expires": "Fri, 31 Dec 2100 23:59:59 GMT"},
    ],
)
async def test_what_may_not_be_kept_is_fetched_every_time(
    app: Application, world: World, headers: dict[str, str]
) -> None:
    play = Play(url=app.on("/a.wav", sound(1.0, **headers), sound(2.0, **headers)))
    assert (await world.heard(play)).duration_s == 1.0
    assert world.files == set()
    assert (await world.heard(play)).duration_s == 2.0
    assert world.files == set()
    assert [received.header("if-none-match") for received in app.requests] == [None, None]


async def test_a_sound_with_an_etag_is_asked_for_and_used_if_it_still_holds(
    app: Application, world: World
) -> None:
    modified = "Mon, 02 Mar 2026 10:00:00 GMT"
    play = Play(
        url=app.on(
            "/a.wav",
            sound(1.0, ETag='W/"v1é"', Last_Modified=modified),
            not_modified(ETag='W/"v1é"'),
            sound(2.0, ETag='"v2"'),
            not_modified(),
        )
    )
    heard = [await world.heard(play) for _ in range(4)]
    assert [audio.duration_s for audio in heard] == [1.0, 1.0, 2.0, 2.0]
    assert heard[0] == heard[1]
    assert heard[2] == heard[3]
    assert [received.header("if-none-match") for received in app.requests] == [
        None,
        'W/"v1\u00c3\u00a9"',  # the server's bytes, as this test's server reads them
        'W/"v1\u00c3\u00a9"',
        '"v2"',
    ]
    assert [received.header("if-modified-since") for received in app.requests] == [
        None,
        modified,
        modified,
        None,
    ]
    assert app.connections == 1
    assert world.files == {heard[3].path}


async def test_an_answer_that_it_still_holds_brings_new_terms(app: Application, world: World) -> None:
    play = Play(
        url=app.on(
            "/a.wav",
            sound(Cache_Control="max-age=10", Age="9", ETag='"1"'),
            not_modified(Cache_Control="max-age=100"),
            not_modified(Cache_Control="no-store"),
            sound(2.0),
        )
    )
    first = await world.heard(play)
    world.clock.now += 1.0
    assert await world.heard(play) == first
    world.clock.now += 99.0
    assert await world.heard(play) == first
    assert len(app.requests) == 2
    world.clock.now += 1.0
    assert await world.heard(play) == first
    assert len(app.requests) == 3
    assert world.files == set()
    assert (await world.heard(play)).duration_s == 2.0


async def test_a_redirect_is_followed_each_time(app: Application, world: World) -> None:
    app.on("/new.wav", sound(Cache_Control="max-age=10", ETag='"1"'), not_modified())
    play = Play(url=app.on("/old.wav", redirect("/new.wav"), redirect("/new.wav"), redirect("/other.wav")))
    app.on("/other.wav", sound(3.0, ETag='"1"'))
    first = await world.heard(play)
    assert await world.heard(play) == first
    assert (await world.heard(play)).duration_s == 3.0
    asked = [(received.path, received.header("if-none-match")) for received in app.requests]
    assert asked == [
        ("/old.wav", None),
        ("/new.wav", None),
        ("/old.wav", None),
        ("/new.wav", '"1"'),
        ("/old.wav", None),
        ("/other.wav", None),
    ]


async def test_a_server_may_not_claim_that_what_it_never_sent_still_holds(
    app: Application, world: World
) -> None:
    with pytest.raises(FetchFailed) as caught:
        await world.heard(Play(url=app.on("/a.wav", not_modified())))
    assert caught.value.status == 304


async def test_a_failure_is_told_and_leaves_no_file(app: Application, world: World) -> None:
    play = Play(url=app.on("/a.wav", sound(ETag='"1"'), page(500), not_modified()))
    first = await world.heard(play)
    with pytest.raises(FetchFailed, match="500") as caught:
        await world.heard(play)
    assert caught.value.status == 500
    assert await world.heard(play) == first
    noise = Play(url=app.on("/noise", page(200, "noise", Cache_Control=DAY)))
    for _ in range(2):
        with pytest.raises(PromptUnusable, match="/noise: this is not a sound file"):
            await world.heard(noise)
    assert len(app.requests) == 5
    assert world.files == {first.path}


async def test_credentials_tell_sounds_apart(app: Application, world: World) -> None:
    url = app.on("/a.wav", sound(1.0, Cache_Control=DAY), sound(2.0, Cache_Control=DAY))
    anna, bob = (Play(url=url.replace("//", f"//{who}:secret@")) for who in ("anna", "bob"))
    assert [(await world.heard(play)).duration_s for play in (anna, bob, anna, bob)] == [1.0, 2.0, 1.0, 2.0]
    assert len(app.requests) == 2


@pytest.mark.parametrize("headers", [{"Cache_Control": DAY}, {"ETag": '"1"'}])
async def test_ten_calls_at_once_fetch_a_sound_once(
    app: Application, world: World, headers: dict[str, str]
) -> None:
    gate = Gate(sound(1.0, **headers))
    play = Play(url=app.on("/a.wav", gate))
    calls = [asyncio.ensure_future(world.heard(play)) for _ in range(10)]
    await app.has(lambda app: len(app.requests) == 1)
    # The one who began it leaves, and so does another; the rest get it all the same.
    for leaving in (calls.pop(0), calls.pop()):
        leaving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await leaving
    gate.opened.set()
    heard = await asyncio.gather(*calls)
    assert len({audio.path for audio in heard}) == 1
    assert len(app.requests) == 1
    assert world.files == {heard[0].path}


async def test_what_is_for_one_alone_is_fetched_by_each(app: Application, world: World) -> None:
    gates = [Gate(sound(seconds)) for seconds in (1.0, 2.0, 3.0)]
    play = Play(url=app.on("/a.wav", *gates))
    calls = [asyncio.ensure_future(world.heard(play)) for _ in range(3)]
    await app.has(lambda app: len(app.requests) == 1)
    for gate in gates:
        gate.opened.set()
    assert sorted(audio.duration_s for audio in await asyncio.gather(*calls)) == [1.0, 2.0, 3.0]
    # Now that this is known of it, nobody waits for another.
    gate = Gate(sound(4.0))
    app.on("/a.wav", gate)
    calls = [asyncio.ensure_future(world.heard(play)) for _ in range(3)]
    await app.has(lambda app: len(app.requests) == 6)
    gate.opened.set()
    await asyncio.gather(*calls)
    assert world.files == set()


async def test_all_who_wait_are_told_of_a_failure_and_the_next_tries_again(
    app: Application, world: World
) -> None:
    gate = Gate(page(503))
    play = Play(url=app.on("/a.wav", gate, sound()))
    calls = [asyncio.ensure_future(world.heard(play)) for _ in range(3)]
    await app.has(lambda app: len(app.requests) == 1)
    gate.opened.set()
    failures = await asyncio.gather(*calls, return_exceptions=True)
    assert [isinstance(failure, FetchFailed) for failure in failures] == [True] * 3
    assert (await world.heard(play)).duration_s == 1.0
    assert len(app.requests) == 2


async def test_when_all_have_left_nothing_is_fetched_any_more(app: Application, tmp_path: Path) -> None:
    patient = WebhookClient(policy=LOOPBACK, limits=WebhookLimits(response_s=600.0, media_total_s=600.0))
    world = World(patient, tmp_path, 1_000_000)
    play = Play(url=app.on("/a.wav", never, sound(2.0, Cache_Control=DAY)))
    calls = [asyncio.ensure_future(world.heard(play)) for _ in range(3)]
    await app.has(lambda app: len(app.requests) == 1)
    for call in calls:
        call.cancel()
    await asyncio.wait(calls)
    await app.has(lambda app: app.lost == 1)
    assert world.files == set()
    assert (await world.heard(play)).duration_s == 2.0
    await patient.close()


async def test_a_text_is_spoken_once_for_each_way_to_speak_it(world: World) -> None:
    ways = (
        Say(text="hello"),
        Say(text="hello", language="fr"),
        Say(text="hello", voice="man"),
        Say(text="bonjour", language="fr"),
    )
    for _ in range(3):
        for say in ways:
            assert (await world.heard(say)).label == say.text
    await asyncio.gather(*(world.heard(Say(text="all together", loop=n)) for n in range(5)))
    assert [(text, options.language, options.voice) for text, options in world.voice.spoken] == [
        *((say.text, say.language, say.voice) for say in ways),
        ("all together", "en", ""),
    ]
    assert len(world.files) == 5


async def test_a_long_text_is_not_kept(world: World) -> None:
    longest, longer = Say(text="x" * LONGEST_KEPT_TEXT), Say(text="x" * (LONGEST_KEPT_TEXT + 1))
    for say in (longest, longer, longest, longer):
        await world.heard(say)
    assert [len(text) for text, _ in world.voice.spoken] == [500, 501, 501]
    assert len(world.files) == 1


async def test_what_was_used_longest_ago_makes_room(client: WebhookClient, tmp_path: Path) -> None:
    """Room for three sounds of a second."""
    world = World(client, tmp_path, 3 * (SECOND_BYTES + OVERHEAD_BYTES))
    for text in ("0123456789", "1234567890", "2345678901", "0123456789", "3456789012"):
        await world.heard(Say(text=text))
    assert len(world.files) == 3
    for text in ("0123456789", "2345678901", "3456789012", "1234567890"):
        await world.heard(Say(text=text))
    assert [text[0] for text, _ in world.voice.spoken] == ["0", "1", "2", "3", "1"]
    too_long = Say(text="x" * 100)
    for _ in range(2):
        await world.heard(too_long)
    assert len(world.files) == 3
    assert [text for text, _ in world.voice.spoken[5:]] == [too_long.text] * 2


async def test_a_file_in_use_outlives_its_place_among_the_kept(client: WebhookClient, tmp_path: Path) -> None:
    """Room for one sound of a second."""
    world = World(client, tmp_path, SECOND_BYTES + OVERHEAD_BYTES)
    first, second = Say(text="0123456789"), Say(text="9876543210")
    async with AsyncExitStack() as other_call:
        held = await other_call.enter_async_context(world.store.ready(first))
        async with world.store.ready(first) as shared:
            assert shared.path == held.path
        newer = await world.heard(second)
        assert world.files == {held.path, newer.path}
    assert world.files == {newer.path}


async def test_with_no_room_at_all_everything_is_made_anew(
    app: Application, client: WebhookClient, tmp_path: Path
) -> None:
    world = World(client, tmp_path, 0)
    play = Play(url=app.on("/a.wav", sound(Cache_Control=DAY, ETag='"1"')))
    heard = await asyncio.gather(
        *(world.heard(prompt) for prompt in (play, play, Say(text="a"), Say(text="a")))
    )
    assert len({audio.path for audio in heard}) == 4
    assert len(app.requests) == 2
    assert len(world.voice.spoken) == 2
    assert world.files == set()


async def test_room_is_made_without_taking_what_is_in_use(tmp_path: Path) -> None:
    cache = SoundCache(most_bytes=1_000_000, clock=Clock())
    made: list[Path] = []

    async def make(known: Sound | None) -> Sound:
        assert known is None
        path = tmp_path / f"{len(made)}.wav"
        path.touch()
        made.append(path)
        return Sound(path=path, duration_s=1.0, size_bytes=0, terms=ALWAYS)

    async with cache.use("idle", make):
        pass
    async with cache.use("in use", make) as held:
        assert len(set(tmp_path.iterdir())) == 2
        cache.make_room()
        assert set(tmp_path.iterdir()) == {held.path}
    assert set(tmp_path.iterdir()) == set()
    async with cache.use("idle", make) as again:
        assert again.path == made[2]


async def test_a_text_with_marks_is_spoken_as_ssml_and_is_another_s_sound(world: World) -> None:
    plain, marked = Say(text="hello"), Say(text="hello", markup="<speak>hel<break/>lo</speak>")
    for say in (plain, marked, plain, marked):
        assert (await world.heard(say)).label == "hello"
    assert world.voice.spoken == [
        ("hello", VoiceOptions(language="en")),
        ("<speak>hel<break/>lo</speak>", VoiceOptions(language="en", is_ssml=True)),
    ]
    for other in (Say(text="hello", voice="woman"), Say(text="hello", language="fr")):
        await world.heard(other)
    assert len(world.voice.spoken) == 4
