"""Section 3.1.2 of RFC 4475: messages that break the syntax. Most may go unanswered; none may be taken for a call unless it can
be understood in one way only."""

from tests.sip.torture.message import HERE, OFFER, SILENCE, Torture, request, response

BAD = frozenset({400, SILENCE})
TAKEN_OR_BAD = frozenset({400, 486, SILENCE})
HUGE = "9" * 60

INVALID = (
    Torture(
        "badinv01",
        "3.1.2.1",
        "separators after which nothing comes",
        BAD,
        request(
            "badinv01",
            "INVITE sip:user@example.com SIP/2.0",
            [
                "To: sip:j.user@example.com",
                f'Contact: "Joe" <sip:joe@{HERE}>;;;;',
                f"Via: SIP/2.0/UDP {HERE};;,;,,",
            ],
            OFFER,
        ),
    ),
    Torture(
        "clerr",
        "3.1.2.2",
        "a Content-Length beyond the end of the datagram",
        TAKEN_OR_BAD,
        request("clerr", "INVITE sip:user@example.com SIP/2.0", ["Content-Length: 9999"], OFFER),
        is_call=True,
        only_over="udp",
    ),
    Torture(
        "ncl",
        "3.1.2.3",
        "a negative Content-Length",
        BAD,
        request("ncl", "INVITE sip:user@example.com SIP/2.0", ["Content-Length: -999"], OFFER),
    ),
    Torture(
        "scalar02",
        "3.1.2.4",
        "numbers that fit into nothing",
        BAD | {405},
        request(
            "scalar02",
            "REGISTER sip:example.com SIP/2.0",
            [
                "CSeq: 36893488147419103232 REGISTER",
                "Max-Forwards: 300",
                "Expires: 1" + "0" * 100,
                f"Contact: <sip:user@{HERE}>;expires=280297596632815",
            ],
        ),
    ),
    Torture(
        "scalarlg",
        "3.1.2.5",
        "a response whose numbers fit into nothing",
        frozenset({SILENCE}),
        response(
            "scalarlg",
            "SIP/2.0 503 Service Unavailable",
            [f"CSeq: {HUGE} OPTIONS", f"Retry-After: {HUGE}", 'Warning: 1812 overture "In Progress"'],
        ),
    ),
    Torture(
        "quotbal",
        "3.1.2.6",
        "a quote in To that is never closed",
        BAD,
        request(
            "quotbal",
            "INVITE sip:user@example.com SIP/2.0",
            ['To: "Mr. J. User <sip:j.user@example.com>'],
            OFFER,
        ),
    ),
    Torture(
        "ltgtruri",
        "3.1.2.7",
        "angle brackets around the Request-URI",
        BAD,
        request("ltgtruri", "INVITE <sip:user@example.com> SIP/2.0", body=OFFER),
    ),
    Torture(
        "lwsruri",
        "3.1.2.8",
        "a blank inside of the Request-URI",
        BAD,
        request("lwsruri", "INVITE sip:user@example.com; lr SIP/2.0", body=OFFER),
    ),
    Torture(
        "lwsstart",
        "3.1.2.9",
        "several blanks between the parts of the first line",
        TAKEN_OR_BAD,
        request("lwsstart", "INVITE  sip:user@example.com  SIP/2.0", ["CSeq: 1 INVITE"], OFFER),
        is_call=True,
    ),
    Torture(
        "trws",
        "3.1.2.10",
        "blanks after the version",
        BAD | {200},
        request("trws", "OPTIONS sip:remote-target@example.com SIP/2.0  "),
    ),
    Torture(
        "escruri",
        "3.1.2.11",
        "headers inside of the Request-URI",
        BAD | {486},
        request("escruri", "INVITE sip:user@example.com?Route=%3Csip:example.com%3E SIP/2.0", body=OFFER),
        is_call=True,
    ),
    Torture(
        "baddate",
        "3.1.2.12",
        "a Date of no time zone that there is",
        TAKEN_OR_BAD,
        request(
            "baddate", "INVITE sip:user@example.com SIP/2.0", ["Date: Fri, 01 Jan 2010 16:00:00 EST"], OFFER
        ),
        is_call=True,
    ),
    Torture(
        "regbadct",
        "3.1.2.13",
        "a Contact with headers that lacks its brackets",
        BAD | {405},
        request(
            "regbadct",
            "REGISTER sip:example.com SIP/2.0",
            [f"Contact: sip:user@{HERE}?Route=%3Csip:sip.example.com%3E"],
        ),
    ),
    Torture(
        "badaspec",
        "3.1.2.14",
        "blanks inside of the URI in To",
        BAD | {200},
        request(
            "badaspec",
            "OPTIONS sip:user@example.org SIP/2.0",
            ['To: "Watson, Thomas" < sip:t.watson@example.org >'],
        ),
    ),
    Torture(
        "baddn",
        "3.1.2.15",
        "a display name that should stand in quotes",
        BAD | {200},
        request(
            "baddn",
            "OPTIONS sip:t.watson@example.org SIP/2.0",
            ["From: Bell, Alexander <sip:a.g.bell@example.com>;tag=43"],
        ),
    ),
    Torture(
        "badvers",
        "3.1.2.16",
        "version 7 of SIP",
        BAD | {505},
        request(
            "badvers",
            "OPTIONS sip:t.watson@example.org SIP/7.0",
            [f"Via: SIP/7.0/UDP {HERE};branch=z9hG4bK-badvers"],
        ),
    ),
    Torture(
        "mismatch01",
        "3.1.2.17",
        "one method in the first line, another one in CSeq",
        BAD,
        request("mismatch01", "OPTIONS sip:user@example.com SIP/2.0", ["CSeq: 8 INVITE"]),
    ),
    Torture(
        "mismatch02",
        "3.1.2.18",
        "an unknown method in the first line, another one in CSeq",
        BAD | {405, 501},
        request("mismatch02", "NEWMETHOD sip:user@example.com SIP/2.0", ["CSeq: 8 INVITE"], OFFER),
    ),
    Torture(
        "bigcode",
        "3.1.2.19",
        "a response with a status of ten digits",
        frozenset({SILENCE}),
        response("bigcode", "SIP/2.0 4294967301 better not break the receiver"),
    ),
)
