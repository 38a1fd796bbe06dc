"""Asks trunks how they are, with SIP messages of its own, beside the SIP library; and digest authentication, from both sides."""
