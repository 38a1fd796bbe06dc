"""Section 3.1.1 of RFC 4475: messages that are right, however unusual."""

from tests.sip.torture.message import HERE, OFFER, SILENCE, Torture, request, response

TAKEN = frozenset({486})
NOT_ALLOWED = frozenset({405, 501})
NULLS = "null-%00-null"
ODD_METHOD = "!interesting-Method0123456789_*+`.%indeed'~"

TORTUOUS = "\r\n".join(
    [
        "INVITE sip:vivekg@chair-dnrc.example.com;unknownparam SIP/2.0",
        "TO :\r\n sip:vivekg@chair-dnrc.example.com ;   tag    = 1918181833n",
        'from   : "J Rosenberg \\\\\\""       <sip:jdrosen@example.com>\r\n  ;\r\n  tag = 98asjd8',
        "MaX-fOrWaRdS: 0068",
        "Call-ID: wsinv.torture@192.0.2.1",
        f"Content-Length   : {len(OFFER)}",
        "cseq: 0009\r\n  INVITE",
        f"Via  : SIP  /   2.0\r\n /UDP\r\n    {HERE};branch=390skdjuw",
        "s :",
        "NewFangledHeader:   newfangled value\r\n continued newfangled value",
        "UnknownHeaderWithUnusualValue: ;;,,;;,;",
        "Content-Type: application/sdp",
        "Route:\r\n <sip:services.example.com;lr;unknownwith=value;unknown-no-value>",
        "v:  SIP  / 2.0  / TCP     spindle.example.com   ;\r\n  branch  =   z9hG4bK9ikj8  ,\r\n"
        " SIP  /    2.0   / UDP  192.168.255.111   ; branch=\r\n z9hG4bK30239",
        'm:"Quoted string \\"\\"" <sip:jdrosen@example.com> ; newparam =\r\n      newvalue ;\r\n'
        "  secondparam ; q = 0.33",
        "",
        OFFER,
    ]
)

LONG_USER = "amazinglylongcallername" * 30
LONG_CALL_ID = "longreq.one" + "really" * 20 + "longcallid"

VALID = (
    Torture(
        "wsinv",
        "3.1.1.1",
        "blanks, folded lines and odd letters wherever they may be; a To tag and no dialog",
        frozenset({400, 481}),
        TORTUOUS,
    ),
    Torture(
        "intmeth",
        "3.1.1.2",
        "every character that a method, a user and a header may have",
        NOT_ALLOWED,
        request(
            "intmeth",
            f"{ODD_METHOD} sip:1_unusual.URI~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)"
            "@example.com SIP/2.0",
            [
                f"CSeq: 139122385 {ODD_METHOD}",
                "Call-ID: intmeth.word%ZK-!.*_+'@word`~)(><:\\/\"][?}{",
                'To: "BEL:\x07 NUL:\x00 DEL:\x7f" <sip:1_unusual.URI~@example.com>',
                "extensionHeader-!.%*+_`'~: \xef\xbb\xbf\xe5\xa4\xa7\xe5\x81\x9c\xe9\x9b\xbb",
            ],
        )
        .replace("\x00", "\\\x00")
        .replace("\x07", "\\\x07")
        .replace("\x7f", "\\\x7f"),
    ),
    Torture(
        "esc01",
        "3.1.1.3",
        "percent signs that escape, in users and in parameters",
        frozenset({400, 486}),
        request(
            "esc01",
            "INVITE sip:sips%3Auser%40example.com@example.net SIP/2.0",
            [
                "To: sip:%75se%72@example.com",
                "From: <sip:I%20have%20spaces@example.net>;tag=esc01",
                f"Contact: <sip:cal%6Cer@{HERE};%6C%72;n%61me=v%61lue%25%34%31>",
            ],
            OFFER,
        ),
        is_call=True,
    ),
    Torture(
        "escnull",
        "3.1.1.4",
        "an escaped zero byte in users",
        NOT_ALLOWED,
        request(
            "escnull",
            "REGISTER sip:example.com SIP/2.0",
            [
                f"To: sip:{NULLS}@example.com",
                f"From: sip:{NULLS}@example.com;tag=escnull",
                f"Contact: <sip:%00@{HERE}>\r\nContact: <sip:%00%00@{HERE}>",
            ],
        ),
    ),
    Torture(
        "esc02",
        "3.1.1.5",
        "percent signs where nothing can be escaped: the method is none that is known",
        NOT_ALLOWED,
        request(
            "esc02",
            "RE%47IST%45R sip:registrar.example.com SIP/2.0",
            ['To: "%Z%45" <sip:resource@example.com>', f"Contact: <sip:alias1@{HERE}>"],
        ),
    ),
    Torture(
        "lwsdisp",
        "3.1.1.6",
        "no blank between a display name and the URI",
        frozenset({200}),
        request(
            "lwsdisp",
            "OPTIONS sip:user@example.com SIP/2.0",
            ["From: caller<sip:caller@example.com>;tag=323"],
        ),
    ),
    Torture(
        "longreq",
        "3.1.1.7",
        "everything is long: names, tags, parameters, and many Vias",
        frozenset({400, 413, 414, 486, 513}) | {SILENCE},
        request(
            "longreq",
            "INVITE sip:user@example.com SIP/2.0",
            [
                f'To: "I have a user name of extreme{"e" * 200} proportion" <sip:user@example.com:6000;'
                f"unknownparam1={'verylong' * 15};longparam{'name' * 20}=shortvalue>",
                f"From: sip:{LONG_USER}@example.net;tag={'12' * 60}982424;unknownheaderparam={'value' * 20}",
                f"Call-ID: {LONG_CALL_ID}",
                f"Unknown-{'Long' * 25}-Name: {'unknown-long-value;' * 15}",
                *(
                    f"Via: SIP/2.0/TCP sip{n}.example.com;branch=z9hG4bK-{'9' * 12}{n}"
                    for n in range(33, 0, -1)
                ),
                f"Contact: <sip:{LONG_USER}@{HERE}>",
            ],
            OFFER,
        ).replace(
            "Via: SIP/2.0/TCP sip33",
            f"Via: SIP/2.0/UDP {HERE};branch=z9hG4bK-longreq\r\nVia: SIP/2.0/TCP sip33",
        ),
        is_call=True,
    ),
    Torture(
        "dblreq",
        "3.1.1.8",
        "one datagram that goes on after the message, with what looks like another one",
        NOT_ALLOWED,
        request("dblreq", "REGISTER sip:example.com SIP/2.0")
        + request("dblreq2", "INVITE sip:joe@example.com SIP/2.0", body=OFFER),
        only_over="udp",
    ),
    Torture(
        "semiuri",
        "3.1.1.9",
        "a semicolon in the user, which makes no parameter",
        frozenset({200, 404}),
        request(
            "semiuri",
            "OPTIONS sip:user;par=u%40example.net@example.com SIP/2.0",
            [
                "To: sip:j_user@example.com",
                "Accept: application/sdp, application/pkcs7-mime,\r\n  multipart/mixed",
            ],
        ),
    ),
    Torture(
        "transports",
        "3.1.1.10",
        "Vias of many transports, one of them unknown",
        frozenset({200}),
        request(
            "transports",
            "OPTIONS sip:user@example.com SIP/2.0",
            [
                f"Via: SIP/2.0/UDP {HERE};branch=z9hG4bKkdjuw",
                "Via: SIP/2.0/SCTP t2.example.com;branch=z9hG4bKklasjdhf",
                "Via: SIP/2.0/TLS t3.example.com;branch=z9hG4bK2980unddj",
                "Via: SIP/2.0/UNKNOWN t4.example.com;branch=z9hG4bKasd0f3en",
                "Via: SIP/2.0/TCP t5.example.com;branch=z9hG4bK0a9idfnee",
            ],
        ),
    ),
    Torture(
        "mpart01",
        "3.1.1.11",
        "a body of many parts, one of them binary",
        frozenset({405}),
        request(
            "mpart01",
            "MESSAGE sip:kumiko@example.org SIP/2.0",
            ["Content-Type: multipart/mixed;boundary=7a9cbec02ceef655"],
            "--7a9cbec02ceef655\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: binary\r\n\r\nHello\r\n"
            "--7a9cbec02ceef655\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: binary\r\n\r\n"
            + "".join(chr(byte) for byte in range(256)).replace("HERE", "")
            + "\r\n--7a9cbec02ceef655--",
        ),
    ),
    Torture(
        "unreason",
        "3.1.1.12",
        "a response whose reason is no English",
        frozenset({SILENCE}),
        response("unreason", "SIP/2.0 200 = 2**3 * 5**2 \xd0\xbd\xd0\xbe \xd1\x81\xd1\x82\xd0\xbe"),
    ),
    Torture(
        "noreason",
        "3.1.1.13",
        "a response without a reason",
        frozenset({SILENCE}),
        response("noreason", "SIP/2.0 100 "),
    ),
)
