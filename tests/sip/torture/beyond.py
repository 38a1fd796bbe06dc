"""Sections 3.2 to 3.4 of RFC 4475: messages whose syntax is right and whose meaning is not."""

from tests.sip.torture.message import HERE, OFFER, SILENCE, Torture, request, response

BAD = frozenset({400, SILENCE})

BEYOND = (
    Torture(
        "badbranch",
        "3.2.1",
        "a branch of the magic cookie and nothing else",
        BAD | {200},
        request(
            "badbranch", "OPTIONS sip:user@example.com SIP/2.0", [f"Via: SIP/2.0/UDP {HERE};branch=z9hG4bK"]
        ),
    ),
    Torture(
        "insuf",
        "3.3.1",
        "no Call-ID, no From, no To",
        BAD,
        request(
            "insuf", "INVITE sip:user@example.com SIP/2.0", body=OFFER, without=("Call-ID", "From", "To")
        ),
    ),
    Torture(
        "unkscm",
        "3.3.2",
        "a Request-URI of no scheme that there is",
        BAD | {404, 416},
        request("unkscm", "OPTIONS nobodyKnowsThisScheme:totallyopaquecontent SIP/2.0"),
    ),
    Torture(
        "novelsc",
        "3.3.3",
        "a Request-URI of a scheme that is none of SIP's",
        BAD | {404, 416},
        request("novelsc", "OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"),
    ),
    Torture(
        "unksm2",
        "3.3.4",
        "unknown schemes in headers",
        frozenset({400, 405}),
        request(
            "unksm2",
            "REGISTER sip:example.com SIP/2.0",
            [
                "To: isbn:2983792873",
                "From: <http://www.example.com>;tag=3234233",
                "Contact: <name:John_Smith>",
            ],
        ),
    ),
    Torture(
        "bext01",
        "3.3.5",
        "it requires what nobody has",
        frozenset({200, 420}),
        request(
            "bext01",
            "OPTIONS sip:user@example.com SIP/2.0",
            ["Proxy-Require: nothingSupportsThis, nothingSupportsThisEither", "Require: nothingSupportsThis"],
        ),
    ),
    Torture(
        "invut",
        "3.3.6",
        "a call whose body is nothing that can be read",
        frozenset({400, 415, 488}),
        request(
            "invut",
            "INVITE sip:user@example.com SIP/2.0",
            ["Content-Type: application/unknownformat"],
            '<audio>\r\n <pcmu port="443"/>\r\n</audio>\r\n',
        ),
    ),
    Torture(
        "regaut01",
        "3.3.7",
        "credentials of no scheme that there is",
        frozenset({401, 403, 405}),
        request(
            "regaut01",
            "REGISTER sip:example.com SIP/2.0",
            ["Authorization: NoOneKnowsThisScheme opaque-data=here"],
        ),
    ),
    Torture(
        "multi01",
        "3.3.8",
        "two of everything that there may be one of",
        BAD | {481},
        request(
            "multi01",
            "INVITE sip:user@example.com SIP/2.0",
            [
                "CSeq: 5 INVITE\r\nCSeq: 59 INVITE",
                "Call-ID: multi01.98asdh@192.0.2.1\r\nCall-ID: multi01.98asdh@192.0.2.2",
                "Max-Forwards: 70\r\nMax-Forwards: 5",
                "From: sip:caller@example.com;tag=3413415\r\nFrom: sip:caller@example.net;tag=2923420123",
                "To: sip:user@example.com\r\nTo: sip:other@example.net;tag=3",
            ],
            OFFER,
        ),
    ),
    Torture(
        "mcl01",
        "3.3.9",
        "two lengths that differ",
        BAD | {200},
        request("mcl01", "OPTIONS sip:user@example.com SIP/2.0", ["Content-Length: 13\r\nContent-Length: 5"])
        + "There's no way to know how many octets are supposed to be here.\r\n",
        only_over="udp",
    ),
    Torture(
        "bcast",
        "3.3.10",
        "a response whose Via is everybody's address",
        frozenset({SILENCE}),
        response(
            "bcast",
            "SIP/2.0 200 OK",
            [
                "Via: SIP/2.0/UDP 192.0.2.198;branch=z9hG4bK1324923",
                "Via: SIP/2.0/UDP 255.255.255.255;branch=z9hG4bK1saber23",
            ],
        ),
    ),
    Torture(
        "zeromf",
        "3.3.11",
        "it may go no further; it need not",
        frozenset({200, 483}),
        request("zeromf", "OPTIONS sip:user@example.com SIP/2.0", ["Max-Forwards: 0"]),
    ),
    Torture(
        "cparam01",
        "3.3.12",
        "a parameter of Contact that nobody knows",
        frozenset({200, 405}),
        request(
            "cparam01", "REGISTER sip:example.com SIP/2.0", [f"Contact: sip:+19725552222@{HERE};unknownparam"]
        ),
    ),
    Torture(
        "cparam02",
        "3.3.13",
        "a parameter of the URI in Contact that nobody knows",
        frozenset({200, 405}),
        request(
            "cparam02",
            "REGISTER sip:example.com SIP/2.0",
            [f"Contact: <sip:+19725552222@{HERE};unknownparam>"],
        ),
    ),
    Torture(
        "regescrt",
        "3.3.14",
        "a Contact that asks for a Route",
        frozenset({200, 405}),
        request(
            "regescrt",
            "REGISTER sip:example.com SIP/2.0",
            [f"Contact: <sip:user@{HERE}?Route=%3Csip:sip.example.com%3E>"],
        ),
    ),
    Torture(
        "sdp01",
        "3.3.15",
        "it wants an answer in a language that nobody speaks",
        frozenset({400, 406, 486}),
        request("sdp01", "INVITE sip:user@example.com SIP/2.0", ["Accept: text/nobodyKnowsThis"], OFFER),
        is_call=True,
    ),
    Torture(
        "inv2543",
        "3.4.1",
        "a call as RFC 2543 has it: no tag, no branch, no Max-Forwards",
        BAD | {486},
        request(
            "inv2543",
            "INVITE sip:UserB@example.com SIP/2.0",
            [f"Via: SIP/2.0/UDP {HERE}", "From: <sip:UserA@example.com>"],
            OFFER,
            without=("Max-Forwards", "Contact"),
        ),
        is_call=True,
    ),
)
