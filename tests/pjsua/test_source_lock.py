"""Whose audio packets are let in, by what was negotiated and what came."""

from ipaddress import ip_address

from offhook.pjsua.far_end import hosts_of, source_of
from offhook.pjsua.packet_filter import AnyHost, Source
from offhook.pjsua.source_lock import ANYBODY, Admission, SourceLock


def source(text: str) -> Source:
    known = source_of(text)
    assert known is not None
    return known


def host(text: str) -> Source:
    return Source(ip_address(text))


SIGNALLED = source("198.51.100.7:4000")
SEEN = source("203.0.113.9:31000")
NAMED = (host("198.51.100.7"), host("203.0.113.9"))
STRANGER = source("192.0.2.66:5000")


def searching() -> SourceLock:
    lock = SourceLock()
    admission = lock.negotiated(SIGNALLED, {ip_address("203.0.113.9")}, 10.0)
    assert admission == Admission((*NAMED, AnyHost(4000)), NAMED)
    assert lock.is_searching
    return lock


def locked() -> SourceLock:
    lock = searching()
    admission = lock.looked(SEEN, None, 10.1)
    assert admission is not None
    assert admission.rtp == (SEEN,)
    assert not lock.is_searching
    return lock


def test_the_first_of_the_named_hosts_to_send_is_the_far_end() -> None:
    lock = locked()
    for second in range(5):
        assert lock.looked(SEEN, 50 * (second + 1), 11.0 + second) is None


def test_a_stranger_who_was_there_before_the_first_word_is_not_it() -> None:
    lock = searching()
    assert lock.looked(STRANGER, None, 10.1) is None
    assert lock.is_searching


def test_a_machine_of_many_addresses_sends_from_the_port_that_it_named() -> None:
    other = source("192.0.2.1:4000")
    admission = searching().looked(other, None, 10.1)
    assert admission is not None
    assert admission.rtp == (other,)


def test_anybody_may_be_it_once_none_of_the_named_has_come_for_a_second() -> None:
    lock = searching()
    assert lock.looked(None, None, 10.9) is None
    assert lock.looked(None, None, 11.0) == ANYBODY
    assert lock.looked(None, None, 19.9) is None
    assert lock.is_searching
    assert lock.looked(None, None, 20.0) is None
    assert not lock.is_searching, "who sends nothing for so long is looked for less often"
    elsewhere = source("192.0.2.1:7000")
    admission = lock.looked(elsewhere, None, 21.0)
    assert admission is not None
    assert admission.rtp == (elsewhere,)
    assert admission.rtcp == (host("192.0.2.1"), *NAMED)


def test_one_who_falls_silent_may_come_back_from_the_same_host_alone() -> None:
    lock = locked()
    lock.looked(SEEN, 50, 11.0)
    assert lock.looked(SEEN, 50, 12.9) is None
    released = lock.looked(SEEN, 50, 13.0)
    assert released is not None
    assert released.rtp is not None
    assert set(released.rtp) == set(NAMED)
    moved = source("203.0.113.9:32000")
    admission = lock.looked(moved, 60, 14.0)
    assert admission is not None
    assert admission.rtp == (moved,)


def test_one_who_speaks_again_from_where_it_was_is_locked_again() -> None:
    lock = locked()
    lock.looked(SEEN, 50, 11.0)
    assert lock.looked(SEEN, 50, 13.0) is not None
    again = lock.looked(SEEN, 90, 14.0)
    assert again is not None
    assert again.rtp == (SEEN,)


def test_a_packet_that_waited_since_before_the_lock_moves_nothing() -> None:
    lock = locked()
    assert lock.looked(STRANGER, 50, 11.0) is None


def test_a_negotiation_begins_anew_only_where_the_far_end_names_another_place() -> None:
    lock = locked()
    same = lock.negotiated(SIGNALLED, set(), 20.0)
    assert same.rtp == (SEEN,)
    other = lock.negotiated(source("198.51.100.8:4000"), set(), 21.0)
    assert other.rtcp == (host("198.51.100.8"),)
    assert lock.is_searching


def test_hosts_of_another_version_of_ip_are_left_out() -> None:
    lock = SourceLock()
    admission = lock.negotiated(source("[2001:db8::1]:4000"), {ip_address("203.0.113.9")}, 1.0)
    assert admission.rtcp == (host("2001:db8::1"),)


def test_a_far_end_is_known_by_where_it_is_and_where_it_wants_to_be_asked() -> None:
    message = (
        "INVITE sip:1@a SIP/2.0\r\nRecord-Route: <sip:192.0.2.1;lr>, <sip:proxy.example.com;lr>\r\n"
        "Contact: <sip:bob@192.0.2.2:5070;transport=udp>\r\nX-Offhook-Edge: 192.0.2.3 5060 udp - f00\r\n\r\n"
    )
    known = {str(address) for address in hosts_of(message, "192.0.2.9:5060")}
    assert known == {"192.0.2.1", "192.0.2.2", "192.0.2.9"}
    behind_edge = {str(address) for address in hosts_of(message, "127.0.0.1:5060")}
    assert behind_edge == {"192.0.2.1", "192.0.2.2", "192.0.2.3", "127.0.0.1"}
    assert hosts_of("INVITE sip:1@a SIP/2.0\r\nm: <sip:[2001:db8::5]>\r\n\r\n", "[::1]:5") >= {
        ip_address("::1")
    }


def test_a_long_contact_costs_no_more_than_its_length() -> None:
    """One that cost the square of it would take minutes here."""
    message = f"SIP/2.0 200 OK\r\nContact: {'sip:' * 100_000}\r\n\r\n"
    assert hosts_of(message, "192.0.2.9:5060") == {ip_address("192.0.2.9")}


def test_who_wants_to_hear_nowhere_at_first_is_heard_from_its_own_hosts_alone() -> None:
    lock = SourceLock()
    assert lock.held((ip_address("198.51.100.7"),)) == Admission(
        (host("198.51.100.7"),), (host("198.51.100.7"),)
    )
    assert lock.looked(STRANGER, None, 10.1) is None
    admission = lock.looked(SIGNALLED, None, 10.2)
    assert admission is not None
    assert admission.rtp == (SIGNALLED,)


def test_who_is_put_on_hold_later_is_heard_from_where_it_was() -> None:
    assert locked().held((ip_address("198.51.100.7"),)).rtp == (SEEN,)
