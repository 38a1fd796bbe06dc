"""The REST API over real records, with a call control that answers as it is told."""

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
from fastapi import FastAPI

from offhook.call.facts import Fact
from offhook.call.info import CallStatus, Direction, new_id
from offhook.call.rows import AccountRow, CallRow
from offhook.call.voice_rows import ConferenceRow
from offhook.dialects.rcml.messages_told import status_request
from offhook.processes.why_ended import why_ended
from offhook.records.accounts import Accounts
from offhook.records.api_keys import ApiKeys
from offhook.records.applications import Applications
from offhook.records.call_story import CallStories
from offhook.records.caller_ids import CallerIds
from offhook.records.calls import Calls
from offhook.records.channel_identities import ChannelIdentities
from offhook.records.clients import Clients
from offhook.records.conferences import Conferences
from offhook.records.database import Database
from offhook.records.emails import Emails
from offhook.records.gathers import Gathers
from offhook.records.limits import Limits
from offhook.records.message_arrivals import MessageArrivals
from offhook.records.message_queue import MessageQueue
from offhook.records.messages import Messages
from offhook.records.notifications import Notifications
from offhook.records.numbers import Numbers
from offhook.records.recordings import Recordings
from offhook.records.transcriptions import Transcriptions
from offhook.records.usage import Usage
from offhook.records.users import Users
from offhook.records.verb_records import VerbRecords
from offhook.rest.app import create_app
from offhook.rest.live_ports import LiveChange, LiveVerb, Performance, PerformanceKind
from offhook.rest.meeting_ports import ParticipantChange
from offhook.rest.messaging_ports import MessagingPorts
from offhook.rest.ports import NewCall, Ports, Readiness
from offhook.rest.stream_ports import RunningStream
from offhook.verbs import Stream
from tests.records import story

GATEWAY_SECRET = "a secret of the gateway's"


@dataclass
class Lines:
    """Takes calls, or raises `refusal`."""

    placed: list[NewCall] = field(default_factory=list)
    refusal: Exception | None = None
    places: int = 1
    """At how many places a call rings."""
    changes: list[tuple[str, LiveChange]] = field(default_factory=list)
    acts: list[tuple[str, LiveVerb]] = field(default_factory=list)
    performances: list[tuple[str, Performance]] = field(default_factory=list)
    stopped: list[tuple[str, PerformanceKind]] = field(default_factory=list)
    running_streams: list[RunningStream] = field(default_factory=list)
    when_acted: Callable[[str], bool] | None = None

    async def place(self, call: NewCall) -> tuple[CallRow, ...]:
        """Note the call."""
        if self.refusal:
            raise self.refusal
        self.placed.append(call)
        return tuple(self._row(call) for _ in range(self.places))

    async def change(self, call: CallRow, change: LiveChange) -> None:
        """Note the change."""
        if self.refusal:
            raise self.refusal
        self.changes.append((call.call_id, change))

    async def act(self, call: CallRow, verb: LiveVerb, record_id: str) -> bool:
        """Note the verb; it has not ended, unless `when_acted` ends it."""
        if self.refusal:
            raise self.refusal
        self.acts.append((call.call_id, verb))
        return self.when_acted is not None and self.when_acted(record_id)

    async def perform(self, call: CallRow, performance: Performance) -> None:
        """Note the performance."""
        if self.refusal:
            raise self.refusal
        self.performances.append((call.call_id, performance))

    async def begin_stream(self, call: CallRow, verb: Stream) -> bool:
        """Note the stream; eight are as many as there may be."""
        if self.refusal:
            raise self.refusal
        if len(self.running_streams) == 8:
            return False
        self.running_streams.append(RunningStream(verb=verb, began_at=story.NOON, is_connected=True))
        return True

    async def streams(self, call: CallRow) -> tuple[RunningStream, ...]:
        """What was begun."""
        if self.refusal:
            raise self.refusal
        return tuple(self.running_streams)

    async def stop_stream(self, call: CallRow, stream_id: str | None) -> bool:
        """End what was begun."""
        if self.refusal:
            raise self.refusal
        before = len(self.running_streams)
        self.running_streams = [
            stream for stream in self.running_streams if stream_id not in (None, stream.verb.stream_id)
        ]
        return len(self.running_streams) < before

    async def stop(self, call: CallRow, kind: PerformanceKind) -> None:
        """Note what is stopped."""
        if self.refusal:
            raise self.refusal
        self.stopped.append((call.call_id, kind))

    def _row(self, call: NewCall) -> CallRow:
        return CallRow(
            call_id=new_id(),
            account_sid=call.account_sid,
            instance_id=story.INSTANCE,
            direction=Direction.OUTBOUND_API,
            from_=call.from_,
            to=call.to,
            status=CallStatus.QUEUED,
            date_created=story.NOON,
            date_updated=story.NOON,
            start_time=story.NOON,
            metadata=call.metadata,
        )


@dataclass
class Chairs:
    """Fills `ConferenceControl`: notes what is asked, does `when_asked`, or raises `refusal`."""

    changes: list[tuple[str, str, ParticipantChange]] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)
    recorded: list[tuple[str, str]] = field(default_factory=list)
    recordings_stopped: list[str] = field(default_factory=list)
    refusal: Exception | None = None
    when_asked: Callable[[], None] = lambda: None

    async def change(self, conference: ConferenceRow, call_id: str, change: ParticipantChange) -> None:
        """Note the change."""
        if self.refusal:
            raise self.refusal
        self.changes.append((conference.conference_id, call_id, change))
        self.when_asked()

    async def record(self, conference: ConferenceRow, recording_id: str) -> None:
        """Note the recording."""
        if self.refusal:
            raise self.refusal
        self.recorded.append((conference.conference_id, recording_id))

    async def stop_recording(self, conference: ConferenceRow) -> None:
        """Note that it ends."""
        if self.refusal:
            raise self.refusal
        self.recordings_stopped.append(conference.conference_id)

    async def end(self, conference: ConferenceRow) -> None:
        """Note the end."""
        if self.refusal:
            raise self.refusal
        self.ended.append(conference.conference_id)
        self.when_asked()


@dataclass
class Site:
    """An application with one account, and what is behind it."""

    database: Database
    account: AccountRow
    lines: Lines = field(default_factory=Lines)
    readiness: Readiness = field(default_factory=lambda: Readiness(sip=True, database=True, speech=True))

    conference_control: Chairs = field(default_factory=Chairs)
    recordings: Path = Path("recordings")
    """The folder of recordings."""
    recordings_are_open: bool = False

    def __post_init__(self) -> None:
        self.app: FastAPI = create_app(
            Ports(
                accounts=Accounts(self.database),
                api_keys=ApiKeys(self.database),
                users=Users(self.database),
                limits=Limits(self.database),
                numbers=Numbers(self.database),
                applications=Applications(self.database),
                clients=Clients(self.database),
                caller_ids=CallerIds(self.database),
                usage=Usage(self.database),
                calls=Calls(self.database),
                gathers=Gathers(self.database),
                notifications=Notifications(self.database),
                traces=CallStories(self.database),
                messaging=MessagingPorts(
                    messages=Messages(self.database),
                    emails=Emails(self.database),
                    channel_identities=ChannelIdentities(self.database),
                    arrivals=MessageArrivals(self.database),
                    receipts=MessageQueue(self.database, status_request),
                    gateway_secret=GATEWAY_SECRET,
                ),
                recordings=Recordings(self.database, self.recordings),
                transcriptions=Transcriptions(self.database),
                conferences=Conferences(self.database),
                recordings_are_open=self.recordings_are_open,
                public_url="https://voice.example",
                verb_records=VerbRecords(self.database),
                call_control=self.lines,
                live_calls=self.lines,
                live_streams=self.lines,
                conference_control=self.conference_control,
                readiness=lambda: self.readiness,
                instance_id=story.INSTANCE,
                why_ended=why_ended,
            )
        )

    def record(self, *facts: Fact) -> None:
        """Tell the recorder."""
        story.record(self.database, *facts)

    def at(self, path: str, *, under: str = "/restcomm/2012-04-24", account: str | None = None) -> str:
        """The path of something below the account."""
        return f"{under}/Accounts/{account or self.account.sid}{path}"

    async def ask(
        self,
        path: str,
        *,
        method: str = "GET",
        user: AccountRow | None = None,
        auth: tuple[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        **more: Any,
    ) -> httpx2.Response:
        """Send a request, signed in as the account unless it says otherwise."""
        user = user or self.account
        name, token = auth or (user.sid, user.auth_token)
        signed = {"authorization": "Basic " + base64.b64encode(f"{name}:{token}".encode()).decode()}
        transport = httpx2.ASGITransport(app=self.app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="http://offhook.example") as client:
            return await client.request(
                method, path, data=form, headers={**signed, **(headers or {})}, **more
            )

    async def json(self, path: str, **more: Any) -> Any:
        """The JSON of a good answer."""
        answer = await self.ask(path, headers={"accept": "application/json"}, **more)
        assert answer.status_code == 200, answer.text
        return answer.json()
