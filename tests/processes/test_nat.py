"""The address that the outside reaches us by: asked of a STUN server, followed, and judged by the doctor."""

import asyncio
import json
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from ipaddress import ip_address, ip_network

import pytest
from pydantic import ValidationError
from typer.testing import CliRunner

from offhook.cli import app
from offhook.config import Settings
from offhook.processes import nat_look, public_address, stun
from offhook.processes.nat_findings import BAD, GOOD, NOTE, nat_findings
from offhook.processes.nat_look import NatLook, Seen
from offhook.processes.public_address import AddressUnknown, find_address, follow_address
from offhook.processes.stun import StunFailed, read_answer, request, seen_address

OUTSIDE = "203.0.113.5"
COOKIE = bytes.fromhex("2112a442")


def mapped(host: str, port: int, transaction: bytes, *, is_mixed: bool = True) -> bytes:
    """A STUN server's answer (RFC 8489, 14.1 and 14.2)."""
    mask = COOKIE + transaction if is_mixed else bytes(16)
    mixed_port = port ^ int.from_bytes(mask[:2])
    packed = bytes(byte ^ other for byte, other in zip(ip_address(host).packed, mask, strict=False))
    family = 1 if len(packed) == 4 else 2
    value = struct.pack("!BBH", 0, family, mixed_port) + packed
    unknown = struct.pack("!HH", 0x8022, 5) + b"stub " + bytes(3)
    body = unknown + struct.pack("!HH", 0x0020 if is_mixed else 0x0001, len(value)) + value
    return struct.pack("!HH", 0x0101, len(body)) + COOKIE + transaction + body


@contextmanager
def stun_server(told: list[str], *, port_by: int = 0) -> Iterator[int]:
    """A STUN server on loopback that says what `told` holds last, and the port that it sees plus `port_by`; its port."""
    bound = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    bound.bind(("127.0.0.1", 0))

    def serve() -> None:
        while True:
            data, source = bound.recvfrom(2048)
            if data == b"end":
                return
            bound.sendto(b"\x00" * 20, source)  # of somebody else: it is passed over
            bound.sendto(mapped(told[-1], source[1] + port_by, data[8:20]), source)

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield int(bound.getsockname()[1])
    finally:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as last:
            last.sendto(b"end", bound.getsockname())
        thread.join()
        bound.close()


class TestStun:
    def test_answers_of_both_generations_and_both_versions_are_read(self) -> None:
        transaction = bytes(range(12))
        assert request(transaction) == bytes.fromhex("000100002112a442") + transaction
        assert read_answer(mapped(OUTSIDE, 5060, transaction), transaction) == (OUTSIDE, 5060)
        assert read_answer(mapped(OUTSIDE, 5060, transaction, is_mixed=False), transaction) == (OUTSIDE, 5060)
        assert read_answer(mapped("2001:db8::5", 5061, transaction), transaction) == ("2001:db8::5", 5061)

    @pytest.mark.parametrize("cut", [0, 7, 19, 21, 30, 43])
    def test_what_is_cut_short_or_of_another_transaction_is_none(self, cut: int) -> None:
        transaction = bytes(range(12))
        whole = mapped(OUTSIDE, 5060, transaction)
        assert read_answer(whole[:cut], transaction) is None
        assert read_answer(whole, bytes(12)) is None

    def test_the_socket_that_is_given_is_the_one_that_asks(self) -> None:
        with stun_server([OUTSIDE]) as port, socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as bound:
            bound.bind(("127.0.0.1", 0))
            own = bound.getsockname()[1]
            assert seen_address(("127.0.0.1", port), bound=bound) == (OUTSIDE, own)

    def test_silence_a_refusal_and_an_unknown_name_are_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(stun, "WAITS_S", (0.05,))
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.0.0.1", 0))
            port = silent.getsockname()[1]
            with pytest.raises(StunFailed, match=f"127.0.0.1:{port} does not answer"):
                seen_address(("127.0.0.1", port))
        refusal = struct.pack("!HH", 0x0111, 0) + COOKIE + bytes(12)
        with pytest.raises(StunFailed, match="refuses"):
            read_answer(refusal, bytes(12))
        with pytest.raises(
            AddressUnknown, match=r"OFFHOOK_PUBLIC_ADDRESS=stun:nobody\.invalid leads to no address"
        ):
            find_address("stun:nobody.invalid")


class TestSetting:
    @pytest.mark.parametrize(
        "value", ["203.0.113.5", "voice.example.com", "stun:stun.example.com", "stun:192.0.2.1:3478"]
    )
    def test_an_address_a_name_and_a_server_that_is_asked(self, value: str) -> None:
        assert Settings(public_address=value).public_address == value

    @pytest.mark.parametrize("value", ["203.0.113.5:5060", "http://x", "a b", "x;y"])
    def test_all_else_is_refused_with_what_would_be_right(self, value: str) -> None:
        with pytest.raises(ValidationError, match="write an IPv4 address like"):
            Settings(public_address=value)

    def test_local_networks(self) -> None:
        settings = Settings(local_networks="10.0.0.0/8, 192.168.1.7/24")
        assert settings.local_networks == (ip_network("10.0.0.0/8"), ip_network("192.168.1.0/24"))

    def test_what_a_setting_means(self) -> None:
        assert find_address(OUTSIDE) == OUTSIDE
        assert find_address("localhost") == "127.0.0.1"
        with stun_server([OUTSIDE]) as port:
            assert find_address(f"stun:127.0.0.1:{port}") == OUTSIDE

    async def test_an_address_that_changes_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(public_address, "ASK_EVERY_S", 0.01)
        told, changes = [OUTSIDE], asyncio.Queue[str]()
        with stun_server(told) as port:
            following = asyncio.create_task(
                follow_address(f"stun:127.0.0.1:{port}", OUTSIDE, changes.put_nowait)
            )
            told.append("203.0.113.99")
            async with asyncio.timeout(30):
                assert await changes.get() == "203.0.113.99"
                told.append(OUTSIDE)
                assert await changes.get() == OUTSIDE
            following.cancel()
            await asyncio.wait([following])
        assert changes.empty()


CLOUD = NatLook(
    bound="0.0.0.0",
    interfaces=("127.0.0.1", "10.0.0.5"),
    setting=None,
    advertised="10.0.0.5",
    seen=(Seen("stun.example:3478", 10_198, OUTSIDE, 10_198),),
    sip_port=5060,
    rtp_ports="10000-10199",
)
RIGHT = replace(CLOUD, setting=OUTSIDE, advertised=OUTSIDE)


def said(look: NatLook, mark: str) -> str:
    return "\n".join(text for found, text in nat_findings(look) if found == mark)


class TestFindings:
    def test_an_inner_address_that_is_told_to_the_outside(self) -> None:
        assert (
            f"SDP and Contact say 10.0.0.5, which nobody outside can reach: set OFFHOOK_PUBLIC_ADDRESS={OUTSIDE}"
        ) in said(CLOUD, BAD)

    def test_what_is_right_is_said_to_be_and_what_is_left_to_do(self) -> None:
        assert said(RIGHT, BAD) == ""
        assert (
            f"SDP and Contact say {OUTSIDE}, and stun.example:3478 sees our packets come from there"
            in said(RIGHT, GOOD)
        )
        notes = said(RIGHT, NOTE)
        assert "forward UDP port 5060 (SIP) and 10000-10199 (audio)" in notes
        assert "set OFFHOOK_LOCAL_NETWORKS" in notes
        assert "OFFHOOK_LOCAL" not in said(replace(RIGHT, local_networks=(ip_network("10.0.0.0/24"),)), NOTE)

    def test_another_address_than_is_seen(self) -> None:
        wrong = replace(RIGHT, setting="203.0.113.77", advertised="203.0.113.77")
        assert f"sees our packets come from {OUTSIDE}: answers go elsewhere" in said(wrong, BAD)

    def test_a_nat_that_makes_a_way_for_each(self) -> None:
        ways = (*RIGHT.seen, Seen("stun.other:3478", 10_198, OUTSIDE, 40_001))
        assert "see other ports for one of ours" in said(replace(RIGHT, seen=ways), BAD)

    def test_a_nat_that_changes_ports(self) -> None:
        changed = replace(RIGHT, seen=(Seen("stun.example:3478", 10_198, OUTSIDE, 61_000),))
        assert "the NAT changes ports (10198 to 61000)" in said(changed, NOTE)

    def test_no_nat(self) -> None:
        plain = replace(
            RIGHT, setting=None, interfaces=("127.0.0.1", OUTSIDE), looped_from=OUTSIDE, advertised=OUTSIDE
        )
        assert said(plain, BAD) == said(plain, NOTE) == ""
        assert "there is no NAT before us" in said(plain, GOOD)
        assert "a firewall of this machine drops it" in said(replace(plain, looped_from=None), BAD)

    def test_a_packet_that_comes_back_under_another_address(self) -> None:
        assert "it seemed to come from 10.0.0.1" in said(replace(RIGHT, looped_from="10.0.0.1"), NOTE)

    def test_loopback_and_containers(self) -> None:
        alone = replace(CLOUD, bound="127.0.0.1", advertised="127.0.0.1", seen=())
        assert "set OFFHOOK_SIP_HOST=0.0.0.0" in said(alone, BAD)
        assert "publish 10000-10199/udp under the same numbers" in said(
            replace(RIGHT, is_in_container=True), NOTE
        )


class TestDoctor:
    def test_bound_told_and_seen_are_compared(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(nat_look, "LOOP_S", 0.1)
        monkeypatch.setenv("OFFHOOK_SIP_HOST", "127.0.0.1")
        monkeypatch.setenv("OFFHOOK_RTP_PORTS", "21700-21799")
        monkeypatch.setenv("OFFHOOK_PUBLIC_ADDRESS", "127.0.0.9")
        with stun_server([OUTSIDE]) as first, stun_server([OUTSIDE], port_by=7) as second:
            servers = ["--stun", f"127.0.0.1:{first}", "--stun", f"127.0.0.1:{second}"]
            ran = CliRunner().invoke(app, ["doctor", "--nat", "--json", *servers])
        assert ran.exit_code == 1
        told = json.loads(ran.stdout)
        assert (told["bound"], told["advertised"], told["setting"]) == ("127.0.0.1", "127.0.0.9", "127.0.0.9")
        ports = [seen["from_port"] for seen in told["seen"]]
        assert [(seen["address"], seen["port"]) for seen in told["seen"]] == [
            (OUTSIDE, ports[0]),
            (OUTSIDE, ports[1] + 7),
        ]
        wrong = [finding["text"] for finding in told["findings"] if finding["mark"] == BAD]
        assert any(
            f"127.0.0.9, which nobody outside can reach: set OFFHOOK_PUBLIC_ADDRESS={OUTSIDE}" in text
            for text in wrong
        )
        assert any("see other ports for one of ours" in text for text in wrong)

    def test_a_setting_that_is_wrong_is_all_that_is_told(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("OFFHOOK_PUBLIC_ADDRESS", "203.0.113.5:5060")
        ran = CliRunner().invoke(app, ["doctor", "--nat"])
        assert ran.exit_code == 1
        assert ran.stdout.startswith("wrong  OFFHOOK_PUBLIC_ADDRESS: write an IPv4 address")
        assert len(ran.stdout.splitlines()) == 1
