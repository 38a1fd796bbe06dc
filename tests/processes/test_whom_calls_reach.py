"""Whatever makes somebody be called passes the account's list of destinations, however it is said."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import cast

import pytest

from offhook.call.errors import NoFreeSlot
from offhook.call.facts import CallFinished, NotificationRaised, VerbRan
from offhook.call.info import CallInfo
from offhook.call.port import Audio, Room
from offhook.call.rows import AccountLimits, NumberRow
from offhook.call.timeline import Timeline
from offhook.call.trunks import Way
from offhook.interpreter.ports import Tools
from offhook.interpreter.prompts import PromptStore
from offhook.pjsua.invite import Invite
from offhook.pjsua.switchboard import Incoming, Switchboard
from offhook.processes.admission import Admission
from offhook.processes.call_runs import CallRuns
from offhook.processes.client_calls import ClientCalls
from offhook.processes.languages import Languages
from offhook.processes.meetings import ClusterMeetings
from offhook.processes.programs import Programs
from offhook.processes.trunk_book import TrunkBook
from offhook.processes.trunk_hosts import TrunkHosts
from offhook.processes.trunk_services import TrunkServices
from offhook.rest.ports import CallRefused, NewCall
from offhook.speech.recognisers import Recognisers
from offhook.testing import ScriptedCall, WebhookStub
from offhook.testing.fake_speech import FakeVoice, SilentDecoder
from offhook.testing.kept_facts import KeptFacts
from offhook.testing.scripted_room import ScriptedRoom
from offhook.trunking.srv import Target as SrvTarget
from offhook.verbs import Say, Target
from offhook.webhooks.sender import Sender

ACCOUNT, NUMBER = "AC" + "1" * 32, "1000"
ALLOWED, SATELLITE = "+493012345678", "+882161234567"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE_S = 30


async def no_records(*_asked: object) -> tuple[SrvTarget, ...]:
    """DNS names no hosts."""
    return ()


class NoCallsElsewhere:
    """Fills `admission.CallsElsewhere`."""

    def running(self, _account_sid: str) -> int:
        """None."""
        return 0

    def begun(self, _account_sid: str, _since: datetime) -> int:
        """None."""
        return 0


@dataclass
class Engine:
    """Knows whom it dialled, or should have; internal calls there are none."""

    dialled: list[str] = field(default_factory=list)
    has_lines: bool = False
    on_not_heard: Callable[[CallInfo, str], None] | None = None

    @property
    def hosting(self) -> "Engine":
        """For the meetings."""
        return self

    def room(self) -> Room:
        """A room."""
        return ScriptedRoom()

    def connect(self, *_with: object) -> None:
        """For the meetings."""

    def place_of(self, _invite: Invite) -> None:
        """For the meetings."""

    is_behind = False

    async def dial(self, info: CallInfo, uri: str, *_more: object, **_named: object) -> ScriptedCall:
        """Note it."""
        self.dialled.append(uri)
        if not self.has_lines:
            raise NoFreeSlot("there are no lines")
        return ScriptedCall(info=info)

    async def dial_ways(
        self, info: CallInfo, ways: Sequence[Way], *_more: object, **_named: object
    ) -> ScriptedCall:
        """Note the first."""
        return await self.dial(info, ways[0].uri)


@dataclass
class Coming:
    """Fills `switchboard.Incoming` with a caller who listens."""

    invite: Invite
    timeline: Timeline = field(default_factory=lambda: Timeline(lambda: NOW.timestamp()))
    call: ScriptedCall | None = None

    def take(self, info: CallInfo) -> ScriptedCall:
        """Begin the script."""
        self.call = ScriptedCall(info=info)
        return self.call


@dataclass
class World:
    """A worker's calls, for an account that may call Germany."""

    folder: Path
    places: tuple[str, ...] = ()
    """Where each client is reached."""
    senders: int = 10
    """How many calls can be lived through."""
    client_calls: ClientCalls = field(default_factory=lambda: ClientCalls(lambda _login: None))
    engine: Engine = field(default_factory=Engine)
    facts: KeptFacts = field(default_factory=KeptFacts)
    application: WebhookStub = field(default_factory=lambda: WebhookStub({}))

    def runs(self, rcml: str = "") -> CallRuns:
        """The number's application answers with `rcml`."""
        self.application = WebhookStub({"/voice": f"<Response>{rcml}</Response>"})
        runs = CallRuns(
            programs=Programs(
                languages=Languages(instance_id=32 * "0", public_url="http://127.0.0.1:8080"),
                fetch_of=lambda _sid: self.application,
                demo=None,
                retry_s=0,
            ),
            find_number=self._find,
            first_account_sid=ACCOUNT,
            tools_of=lambda _sid: self._tools(),
            admission=Admission(
                lambda _sid: AccountLimits(destinations=("+49",)),
                NoCallsElsewhere(),
                self.facts,
                is_quick=True,
            ),
            sender_of=self._sender,
            trunks=TrunkBook(setting="sip:trunk.example"),
            hosts=TrunkHosts(lookup=lambda host: ("192.0.2.1",)),
            services=TrunkServices(ask=no_records),
            locations_of=self._locations,
            clients=self.client_calls,
            meetings=cast("ClusterMeetings", self.engine),
        )
        runs.connect(cast("Switchboard", self.engine))
        return runs

    async def call(self, rcml: str) -> ScriptedCall:
        """Live through a call of the number; returns the caller's side."""
        runs = self.runs(rcml)
        coming = Coming(
            Invite(
                called=NUMBER,
                caller="1",
                caller_name=None,
                diversion=None,
                sip_call_id="c",
                headers=(),
                source="",
            )
        )
        runs.take(cast("Incoming", coming))
        await asyncio.wait_for(runs.finished(), PATIENCE_S)
        assert coming.call is not None
        assert len(self.facts.of(CallFinished)) == 1
        return coming.call

    def _sender(self, _account_sid: str) -> Sender:
        if self.senders == 0:
            raise RuntimeError("out of senders")
        self.senders -= 1
        return cast("Sender", self.application)

    async def _find(self, called: str) -> NumberRow | None:
        return NumberRow(
            sid="PN1",
            account_sid=ACCOUNT,
            phone_number=called,
            friendly_name="",
            voice_url=self.application.target("/voice").url,
            api_version="",
            date_created=NOW,
            date_updated=NOW,
        )

    async def _locations(self, _account_sid: str, _login: str) -> tuple[str, ...]:
        return self.places

    def _tools(self) -> Tools:
        return Tools(
            prompts=PromptStore(
                fetch=self.application, voice=FakeVoice(), decoder=SilentDecoder(), folder=self.folder
            ),
            recognisers=Recognisers({}, ("fake",)),
            recorder=self.facts,
            wall_clock=lambda: NOW,
            apology=Say(text="sorry"),
            apology_tone=Audio(path=self.folder / "tone.wav", duration_s=0.1),
            finish_grace_s=2.0,
        )


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


@pytest.mark.parametrize(
    ("noun", "dialled"),
    [
        (f"<Number>{ALLOWED}</Number>", [f"sip:{ALLOWED}@trunk.example"]),
        (f"<Number>{SATELLITE}</Number>", []),
        (f"<Sip>sip:{SATELLITE}@trunk.example</Sip>", []),
        ("<Sip>sip:%2B882161234567@trunk.example</Sip>", []),
        ("<Client>ada</Client>", ["sip:ada@192.0.2.7"]),
    ],
)
async def test_dial(world: World, noun: str, dialled: list[str]) -> None:
    world.places = (f"sip:{SATELLITE}@trunk.example", "sip:ada@192.0.2.7")
    await world.call(f"<Dial>{noun}</Dial>")
    assert world.engine.dialled == dialled


@pytest.mark.parametrize(
    ("target", "referred_to"),
    [
        (ALLOWED, [f"sip:{ALLOWED}@trunk.example"]),
        (SATELLITE, []),
        (f"sip:{SATELLITE}@trunk.example", []),
        ("sip:bob@example.com", ["sip:bob@example.com"]),
    ],
)
async def test_refer(world: World, target: str, referred_to: list[str]) -> None:
    call = await world.call(f"<Refer>{target}</Refer>")
    assert call.signalling.referred_to == referred_to
    [ran] = world.facts.of(VerbRan)
    if not referred_to:
        assert ran.status == "failed"
        assert "list of destinations" in ran.reason


async def test_a_new_call_to_a_client(world: World) -> None:
    runs = world.runs()
    wanted = NewCall(
        account_sid=ACCOUNT, from_="1", to="client:ada", application=Target("http://app.example/voice")
    )
    world.places = (f"sip:{SATELLITE}@trunk.example",)
    with pytest.raises(CallRefused) as refused:
        await runs.place(wanted)
    assert refused.value.is_destination
    world.places = (*world.places, f"sip:{ALLOWED}@trunk.example")
    with pytest.raises(NoFreeSlot):
        await runs.place(replace(wanted))
    assert world.engine.dialled == [f"sip:{ALLOWED}@trunk.example"]


async def test_one_way_audio_is_told_to_the_customer_of_a_call_that_runs(world: World) -> None:
    runs = world.runs("<Pause length='1'/>")
    coming = Coming(
        Invite(
            called=NUMBER,
            caller="1",
            caller_name=None,
            diversion=None,
            sip_call_id="c",
            headers=(),
            source="",
        )
    )
    runs.take(cast("Incoming", coming))
    for _ in range(100):  # turns of the loop until the call runs; nothing in between waits for time
        await asyncio.sleep(0)
    assert coming.call is not None
    assert world.engine.on_not_heard is not None
    world.engine.on_not_heard(coming.call.info, "The far end is not heard.")
    world.engine.on_not_heard(replace(coming.call.info, call_id="of-another-worker"), "Neither is that one.")
    await runs.stop()
    assert [(told.code, told.message) for told in world.facts.of(NotificationRaised)] == [
        (11009, "The far end is not heard.")
    ]


async def test_a_leg_whose_life_cannot_begin_is_refused_at_once(world: World) -> None:
    world.engine.has_lines, world.senders = True, 1
    await world.call(f'<Dial timeout="600">{ALLOWED}</Dial>')
    assert world.engine.dialled == [f"sip:{ALLOWED}@trunk.example"]
    [told] = world.facts.of(NotificationRaised)
    assert told.message.endswith("was not called: the leg ended before its life had begun.")
