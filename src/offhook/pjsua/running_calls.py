"""The calls of one engine, as the messages that come ask for them: by Call-ID. Everything here runs on the owner thread."""

from collections.abc import Callable, Iterator

from offhook.pjsua.packet_filter import IpAddress
from offhook.pjsua.referral import Referral
from offhook.pjsua.sip_call import SipCall


class RunningCalls:
    """Those that hold a slot, from the INVITE until the library has let go of them."""

    def __init__(self, is_one: Callable[[IpAddress, IpAddress], bool]) -> None:
        """`is_one` is whether two addresses are those of one far end, such as a carrier with many."""
        self._is_one = is_one
        self._calls: set[SipCall] = set()

    def __len__(self) -> int:
        return len(self._calls)

    def __iter__(self) -> Iterator[SipCall]:
        """All of them; they may end meanwhile."""
        return iter(tuple(self._calls))

    def add(self, call: SipCall) -> None:
        """One more."""
        self._calls.add(call)

    def remove(self, call: SipCall) -> None:
        """One that is gone."""
        self._calls.discard(call)

    def has(self, sip_call_id: str) -> bool:
        """Whether there is such a call."""
        return bool(self._called(sip_call_id))

    def is_stranger(self, method: str, sip_call_id: str, source: IpAddress) -> bool:
        """Whether a request of a call comes from an address that has nothing to do with it, which the call notes."""
        calls = self._called(sip_call_id)
        return (
            bool(calls)
            and all(self._is_foreign(call, source) for call in calls)
            and calls[0].was_forged(method, source)
        )

    def is_direct(self, sip_call_id: str) -> bool:
        """Whether no proxies want to see all of a call, as far as that is known."""
        return all(call.is_direct for call in self._called(sip_call_id))

    def contact_of(self, sip_call_id: str) -> str | None:
        """The URI that a caller wants to be asked at; None where it is no caller, or proxies are asked."""
        callers = (call for call in self._called(sip_call_id) if call.is_incoming and call.is_direct)
        return next((call.contact for call in callers), None)

    def answered_elsewhere(self, sip_call_id: str) -> None:
        """A far end answered that it hears where no audio can be sent."""
        for call in self._called(sip_call_id):
            call.is_heard_nowhere = True

    def keyed(self, sip_call_id: str, key: str, cseq: int) -> None:
        """A key came by SIP INFO, in the form that the library does not know."""
        for call in self._called(sip_call_id):
            call.keyed(key, cseq)

    def referred(self, referral: Referral) -> int | None:
        """A REFER came: with which status it is answered; None where it belongs to no call."""
        return next((call.referred(referral) for call in self._called(referral.sip_call_id)), None)

    def _called(self, sip_call_id: str) -> list[SipCall]:
        """Those with a Call-ID: two of them where we have called ourselves."""
        return [call for call in self._calls if call.sip_call_id == sip_call_id]

    def _is_foreign(self, call: SipCall, source: IpAddress) -> bool:
        if not call.hosts or source in call.hosts:
            return False
        return not any(self._is_one(source, host) for host in call.hosts)
