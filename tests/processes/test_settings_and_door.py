"""Settings are read as they are written, and a new call comes through the door as it was asked for."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from offhook.call.rows import RecordAll
from offhook.config import Settings
from offhook.processes.door import read_new_call, write_new_call
from offhook.rest.ports import NewCall, StatusEvent
from offhook.verbs import DetectMachine, Method, Target

targets = st.builds(Target, st.just("http://app.example/x"), st.sampled_from(Method))
new_calls = st.builds(
    NewCall,
    account_sid=st.text(min_size=1),
    from_=st.text(),
    to=st.text(),
    sip_headers=st.lists(st.tuples(st.text(), st.text())).map(tuple),
    application=targets,
    fallback=st.none() | targets,
    status_callback=st.none() | targets,
    status_events=st.frozensets(st.sampled_from(StatusEvent)),
    timeout_s=st.floats(1, 600),
    username=st.none() | st.text(),
    password=st.none() | st.text(),
    send_keys=st.text(),
    record_all=st.none() | st.sampled_from(RecordAll),
    not_done=st.lists(st.text()).map(tuple),
    metadata=st.none() | st.text(),
    detection=st.none() | st.builds(DetectMachine, callback=st.none() | targets),
)


@given(new_calls)
def test_a_new_call_survives_the_door(call: NewCall) -> None:
    import json

    assert read_new_call(json.loads(json.dumps(write_new_call(call)))) == call


def test_networks_and_ports_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OFFHOOK_SIP_ALLOW", "10.0.0.0/8, 192.0.2.7")
    monkeypatch.setenv("OFFHOOK_RTP_PORTS", "20000-20099")
    monkeypatch.setenv("OFFHOOK_ASR", "Google")
    settings = Settings()
    assert [str(network) for network in settings.callers_allowed] == ["10.0.0.0/8", "192.0.2.7/32"]
    assert settings.rtp_range == (20000, 100)
    assert settings.asr == "google"


def test_dev_opens_both_lists_to_this_machine_and_private_networks() -> None:
    closed, opened = Settings(dev=False), Settings(dev=True)
    assert [str(network) for network in closed.applications_allowed] == []
    assert [str(network) for network in closed.callers_allowed] == ["127.0.0.0/8", "::1/128"]
    for networks in (opened.applications_allowed, opened.callers_allowed):
        assert {"127.0.0.0/8", "10.0.0.0/8", "192.168.0.0/16"} <= {str(network) for network in networks}


def test_what_is_empty_is_unset(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PORT", "TRUNK", "DATABASE_URL", "DEV", "ACCOUNT_SID", "AUTH_TOKEN"):
        monkeypatch.setenv(f"OFFHOOK_{name}", "")
    settings = Settings(data_dir=Path("/somewhere"))
    assert (settings.http_port, settings.trunk, settings.dev, settings.auth_token) == (
        8080,
        None,
        False,
        None,
    )
    assert settings.resolved_database_url == "sqlite:////somewhere/offhook.db"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sip_allow", "everybody"),
        ("webhook_allow", "10.0.0.0/40"),
        ("rtp_ports", "10000"),
        ("rtp_ports", "20000-10000"),
        ("trunk", "carrier.example"),
        ("trunk", "sip:carrier.example\r\nX: y"),
        ("account_sid", "AC12"),
        ("asr", "deepgram"),
        ("http_port", "70000"),
    ],
)
def test_what_makes_no_sense_is_refused(name: str, value: str) -> None:
    with pytest.raises(ValidationError):
        Settings.model_validate({name: value})
