"""How <Dial> and what stands in it are read, and what its action is told."""

import pytest

from offhook.call.errors import DocumentInvalid
from offhook.call.exchange import Reply
from offhook.dialects.rcml.check import check
from offhook.dialects.rcml.dialect import Rcml
from offhook.verbs import (
    LEG_EVENTS,
    Conference,
    Dequeue,
    Destination,
    DestinationKind,
    Dial,
    DialEnd,
    Dialled,
    Document,
    Method,
    Recorded,
    Target,
)

RCML = Rcml(instance_id=32 * "0", public_url="https://voice.example")
URL = "http://app.example/ivr/menu?step=1"


def reply(rcml: str) -> Reply:
    body = f"<Response>{rcml}</Response>".encode()
    return Reply(url=URL, status=200, headers=(("Content-Type", "text/xml"),), body=body)


def read(rcml: str) -> Document:
    return RCML.read(reply(rcml))


def dial_of(rcml: str) -> Dial:
    [verb] = read(rcml).verbs
    assert isinstance(verb, Dial)
    return verb


def only(rcml: str) -> Destination:
    [destination] = dial_of(rcml).destinations
    return destination


def problems(rcml: str) -> list[tuple[int, str]]:
    return [(problem.code, problem.message) for problem in read(rcml).problems]


class TestAttributes:
    def test_defaults(self) -> None:
        dial = dial_of("<Dial>1000</Dial>")
        assert dial == Dial(
            destinations=(Destination(kind=DestinationKind.NUMBER, address="1000", line=1),),
            action=None,
            timeout_s=30.0,
            time_limit_s=14_400.0,
            line=1,
        )

    def test_all_of_them(self) -> None:
        dial = dial_of(
            '<Dial action="done" method="get" timeout="12" timeLimit="60" callerId="+1 (555) 010-0199" record="TRUE" '
            'hangupOnStar="true">1000</Dial>'
        )
        assert dial.action == Target("http://app.example/ivr/done", Method.GET)
        assert (dial.timeout_s, dial.time_limit_s, dial.caller_id) == (12.0, 60.0, "+15550100199")
        assert (dial.is_recorded, dial.hang_up_key) == (True, "*")

    @pytest.mark.parametrize(
        ("attribute", "code"),
        [
            ("method='PUT'", 13210),
            ("timeout='soon'", 13212),
            ("timeout='0'", 13212),
            ("timeLimit='-1'", 13216),
        ],
    )
    def test_a_bad_value_is_told_and_the_default_taken(self, attribute: str, code: int) -> None:
        [(told, message)] = problems(f"\n<Dial {attribute}>1000</Dial>")
        assert told == code
        assert message.startswith(f"Line 2: {attribute.partition('=')[0]}=")
        dial = dial_of(f"<Dial {attribute} action='done'>1000</Dial>")
        assert dial.action is not None
        assert (dial.action.method, dial.timeout_s, dial.time_limit_s) == (Method.POST, 30.0, 14_400.0)

    @pytest.mark.parametrize(
        "bad", ["two words", "&lt;x&gt;", "a&#10;b", "x" * 65, "a;tag=1", "sip:@x", "&quot;a"]
    )
    def test_a_caller_id_that_nobody_can_have_ends_the_document(self, bad: str) -> None:
        with pytest.raises(DocumentInvalid) as invalid:
            read(f'\n<Dial callerId="{bad}">1000</Dial>')
        assert (invalid.value.code, invalid.value.line) == (13214, 2)
        assert "callerId=" in invalid.value.message

    @pytest.mark.parametrize(
        ("given", "shown"),
        [("anonymous", "anonymous"), ("sip:ada@example.com", "ada"), ("+15550199", "+15550199"), ("", None)],
    )
    def test_a_caller_id_is_a_number_a_name_or_a_sip_user(self, given: str, shown: str | None) -> None:
        assert dial_of(f'<Dial callerId="{given}">1000</Dial>').caller_id == shown

    def test_a_bad_action_is_fatal(self) -> None:
        with pytest.raises(DocumentInvalid) as invalid:
            read('<Dial action="ftp://x">1000</Dial>')
        assert invalid.value.code == 11100

    def test_an_unknown_attribute_gets_a_hint(self) -> None:
        [(code, message)] = problems('<Dial hangOnStar="true">1000</Dial>')
        assert code == 12200
        assert 'Did you mean "hangupOnStar"?' in message


class TestText:
    @pytest.mark.parametrize(
        ("text", "kind", "address"),
        [
            ("+1 (555) 123-4567", DestinationKind.NUMBER, "+15551234567"),
            ("*31#1000", DestinationKind.NUMBER, "*31#1000"),
            ("client:ada.l", DestinationKind.CLIENT, "ada.l"),
            ("client ada", DestinationKind.CLIENT, "ada"),
            ("ada@example.com", DestinationKind.SIP, "sip:ada@example.com"),
            ("sip:ada@example.com;transport=tcp", DestinationKind.SIP, "sip:ada@example.com;transport=tcp"),
        ],
    )
    def test_it_says_what_it_is(self, text: str, kind: DestinationKind, address: str) -> None:
        found = only(f"<Dial>{text}</Dial>")
        assert (found.kind, found.address) == (kind, address)

    @pytest.mark.parametrize(
        "bad", ["two words here", "12%34", "ada@exa mple.com", "&lt;sip:a@b&gt;", "x" * 65]
    )
    def test_what_nobody_could_dial_is_told_and_not_called(self, bad: str) -> None:
        assert dial_of(f"<Dial>{bad}</Dial>").destinations == ()
        [(code, message)] = problems(f"<Dial>{bad}</Dial>")
        assert code == 12200
        assert "which is not a" in message

    @pytest.mark.parametrize("empty", ["<Dial/>", "<Dial>  </Dial>"])
    def test_nobody(self, empty: str) -> None:
        assert problems(empty) == [(12200, "Line 1: <Dial> names nobody to call; it fails at once.")]
        assert dial_of(empty).destinations == ()

    def test_headers_stand_behind_a_question_mark(self) -> None:
        found = only("<Dial>1000?Desk=7&amp;X-Who=Ada%20L&amp;x-a=1+1</Dial>")
        assert found.address == "1000"
        assert found.sip_headers == (("X-Desk", "7"), ("X-Who", "Ada L"), ("x-a", "1+1"))

    @pytest.mark.parametrize(
        "bad",
        ["A%0d%0aRoute=x", "A=1%0d%0aX-Evil: 1", "A=1%0aB", "=x", "A%20B=1", "A:B=1", "A=" + "x" * 1025],
    )
    def test_a_header_cannot_smuggle_another(self, bad: str) -> None:
        found = only(f"<Dial>1000?{bad}&amp;Good=1</Dial>")
        assert found.sip_headers == (("X-Good", "1"),)
        [(code, message)] = problems(f"<Dial>1000?{bad}&amp;Good=1</Dial>")
        assert code == 12200
        assert "is left out" in message

    def test_the_headers_of_a_call_are_counted(self) -> None:
        pairs = "&amp;".join(f"A{number}=1" for number in range(25))
        assert len(only(f"<Dial>1000?{pairs}</Dial>").sip_headers) == 20


class TestNouns:
    def test_each_is_read_with_all_it_can_say(self) -> None:
        dial = dial_of(
            '<Dial><Number url="s" method="GET" timeout="20" sendDigits="wW1a" statusCallback="cb" '
            'statusCallbackMethod="GET" statusCallbackEvent="ringing, completed">+1-555</Number>'
            "<Client>ada</Client>"
            '<Sip username="u" password="p">sip:x@example.com?A=1</Sip><Uri>sip:y@example.com</Uri></Dial>'
        )
        number, client, sip, uri = dial.destinations
        assert number == Destination(
            kind=DestinationKind.NUMBER,
            address="+1555",
            screening=Target("http://app.example/ivr/s", Method.GET),
            screening_timeout_s=20.0,
            status_target=Target("http://app.example/ivr/cb", Method.GET),
            status_events=frozenset({"ringing", "completed"}),
            send_keys="ww1A",
            line=1,
        )
        assert (client.kind, client.address, client.status_events) == (
            DestinationKind.CLIENT,
            "ada",
            LEG_EVENTS,
        )
        assert (sip.username, sip.password, sip.sip_headers) == ("u", "p", (("X-A", "1"),))
        assert (uri.kind, uri.address) == (DestinationKind.SIP, "sip:y@example.com")

    @pytest.mark.parametrize("given", ["initiated answered", "initiated,answered", " initiated , answered "])
    def test_events_may_be_separated_by_blanks_or_commas(self, given: str) -> None:
        found = only(f'<Dial><Number statusCallback="cb" statusCallbackEvent="{given}">1</Number></Dial>')
        assert found.status_events == {"initiated", "answered"}

    def test_an_unknown_event_is_told_and_the_known_ones_are_used(self) -> None:
        rcml = '<Dial><Number statusCallbackEvent="ringing hungup">1</Number></Dial>'
        assert only(rcml).status_events == {"ringing"}
        [(code, message)] = problems(rcml)
        assert code == 12200
        assert '"ringing" is used' in message

    def test_video_is_told_and_ignored(self) -> None:
        rcml = '<Dial>\n<Client name="x">ada\n<Video enable="true"/></Client></Dial>'
        assert only(rcml).address == "ada"
        assert problems(rcml) == [(15001, "Line 3: <Video> is ignored: calls have sound only.")]

    def test_ten_are_called_at_most(self) -> None:
        rcml = f"<Dial>{'<Number>1</Number>' * 12}</Dial>"
        assert len(dial_of(rcml).destinations) == 10
        assert len(problems(rcml)) == 2

    def test_what_cannot_stand_there_is_told(self) -> None:
        told = problems("<Dial>\n<Say>hi</Say>\n<Number>1</Number> loose</Dial>")
        assert [message for _, message in told] == [
            "Line 2: <Say> was skipped in <Dial>; Number, Client, Sip, Conference and Queue may stand there.",
            'Line 1: the text "loose" in <Dial> is ignored beside what stands there.',
        ]

    @pytest.mark.parametrize(
        "bad", ["<Number/>", "<Client>a b</Client>", "<Sip>sip:</Sip>", "<Sip>x y@z</Sip>"]
    )
    def test_one_that_names_nobody_leaves_the_others(self, bad: str) -> None:
        assert only(f"<Dial>{bad}<Number>1000</Number></Dial>").address == "1000"

    @pytest.mark.parametrize("bad", ["", "1x", "1 2", "1" * 65])
    def test_keys_that_nobody_can_press_are_not_sent(self, bad: str) -> None:
        assert only(f'<Dial><Number sendDigits="{bad}">1</Number></Dial>').send_keys == ""

    def test_a_conference_or_queue_takes_the_place_of_the_dial(self) -> None:
        verbs = read(
            '<Dial action="done" timeLimit="9"><Conference>room</Conference><Number>1</Number></Dial>'
            "<Dial><Queue>desk</Queue></Dial>"
        ).verbs
        conference, queue = verbs
        assert isinstance(conference, Conference)
        assert isinstance(queue, Dequeue)
        assert (conference.name, conference.time_limit_s, queue.name) == ("room", 9.0, "desk")

    @pytest.mark.parametrize("bad", ["a&#13;&#10;X-Evil: 1", "a" * 129])
    @pytest.mark.parametrize("name", ["username", "password"])
    def test_credentials_that_cannot_stand_in_a_header_are_left_out_and_not_shown(
        self, name: str, bad: str
    ) -> None:
        other = "password" if name == "username" else "username"
        rcml = f'<Dial><Sip {name}="{bad}" {other}="ok">sip:a@b</Sip></Dial>'
        sip = only(rcml)
        assert (sip.username, sip.password) == (None, None)
        [(_, message)] = problems(rcml)
        assert message == (
            f"Line 1: {name} of <Sip> is not a single line of at most 128 characters; the call is made without "
            "credentials."
        )

    def test_a_password_is_in_no_message(self) -> None:
        assert "secret" not in repr(only('<Dial><Sip username="u" password="secret">sip:a@b</Sip></Dial>'))


def test_the_check_shows_the_place() -> None:
    rcml = '\n<Dial timout="5">\n  <Number statusCallBack="x">1000</Number></Dial>'
    found = [(finding.line, finding.element, finding.attribute) for finding in check(reply(rcml))]
    assert found == [(2, "Dial", "timout"), (3, "Number", "statusCallBack")]


class TestReport:
    ACTION = Target("http://app.example/done")

    def told(self, **outcome: object) -> dict[str, str]:
        verb = Dial(destinations=(), action=self.ACTION)
        return dict(RCML.report(verb, Dialled(**outcome)).parameters)  # type: ignore[arg-type]

    def test_nothing_was_dialled(self) -> None:
        assert self.told(end=DialEnd.FAILED) == {
            "DialCallStatus": "failed",
            "DialCallSid": "null",
            "DialCallDuration": "0",
            "DialRingDuration": "0",
        }

    def test_all_there_is_to_tell(self) -> None:
        told = self.told(
            end=DialEnd.COMPLETED,
            call_id=32 * "a",
            duration_s=61.9,
            ring_duration_s=4.2,
            recording=Recorded(account_sid="AC1", recording_id=32 * "b", duration_s=61.5),
            sip_call_id="x@y",
            sip_status=200,
            sip_headers=(("X-Why", "a\r\nb"),),
        )
        url = f"https://voice.example/restcomm/2012-04-24/Accounts/AC1/Recordings/RE{32 * 'b'}.wav"
        assert told == {
            "DialCallStatus": "completed",
            "DialCallSid": f"ID{32 * '0'}-CA{32 * 'a'}",
            "DialCallDuration": "61",
            "DialRingDuration": "4",
            "RecordingSid": f"RE{32 * 'b'}",
            "RecordingUrl": url,
            "PublicRecordingUrl": url,
            "RecordingDuration": "61.5",
            "DialSipCallId": "x@y",
            "DialSipResponseCode": "200",
            "DialSipHeader_X-Why": "a b",
        }

    def test_no_action_no_request(self) -> None:
        assert RCML.report(Dial(destinations=()), Dialled(end=DialEnd.BUSY)).target is None
