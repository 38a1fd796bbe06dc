"""Every reason code, what it means and what to do: the source of the pages behind `more_info` and of docs/reason-codes.md.

A code stands in a notification, in the answer to a REST request that was refused, or in a message's error_code.
Where Restcomm has a number for a fault, it is that one; the others are those of the wider family of such systems.
"""

from offhook.rest.restcomm.reason_code import ReasonCode, Shelf
from offhook.rest.restcomm.vobiz_reason_codes import VOBIZ_CODES

_RULES_OF_URLS = "Use an absolute http or https URL, or one relative to the document's; write spaces as %20."
_SEE_LINE = "The message names the line, the attribute, its value and what was used instead. Correct the document; `offhook app check` shows all such places at once."

_CODES = (
    # Calls and the server.
    ReasonCode(
        10001,
        Shelf.SERVER,
        "Internal error",
        "Something of the voice server's own failed. The message says what, and whether the call went on.",
        "Nothing in your application is wrong. If it happens again, give the CallSid to whoever runs the server.",
    ),
    ReasonCode(
        11005,
        Shelf.SERVER,
        "No route",
        "There is no such client, number or SIP address to call, or no trunk leads there. That leg failed; other destinations of the same Dial were tried.",
        "Check the destination: a client must be registered, a number in E.164 with its plus sign, a SIP address complete.",
    ),
    ReasonCode(
        11007,
        Shelf.SERVER,
        "Leg not made",
        "A call to a destination could not be made: no line was free, or the destination may not be called.",
        "The message names the destination and the reason. Try again later, or have the limits of the account raised.",
    ),
    ReasonCode(
        13500,
        Shelf.SERVER,
        "Speech failed",
        "The voice or the recogniser failed. Where words could not be spoken, the call ended with an apology.",
        "Nothing in your application is wrong. If it happens again, give the CallSid to whoever runs the server.",
    ),
    ReasonCode(
        13700,
        Shelf.WEBHOOK,
        "Stream failed",
        "The WebSocket of an audio stream could not be opened, or broke, as often as it was tried, or the call has as many streams as it may. The call went on with what follows.",
        "The message says why. Addresses that webhooks may not reach are closed to streams, too; the server at the other end has to keep up with 50 messages a second.",
    ),
    ReasonCode(
        13701,
        Shelf.WEBHOOK,
        "Stream message passed over",
        "A message that an application sent on an audio stream is no command, or cannot be carried out. It was passed over, and the stream went on.",
        "The message says what was wrong with it. docs/streams.md has every command.",
    ),
    ReasonCode(
        13702,
        Shelf.WEBHOOK,
        "Too much beside the document",
        "A recording of the session, a stream, keys, sounds or a Hangup for later were to run beside the document of the call, beside which as many verbs run as may. They were not begun; the call went on.",
        "Begin each once in a call. A document that the call comes back to, by Redirect or as an action, begins them again.",
    ),
    ReasonCode(
        20429,
        Shelf.SERVER,
        "Limit reached",
        "The account uses all that it may: calls at a time, new calls in a second, or requests. A call that came in was turned away; a request was answered with 429.",
        "Wait as long as the answer's Retry-After says, or have the account's limits raised.",
    ),
    # Requests to your application.
    ReasonCode(
        11100,
        Shelf.WEBHOOK,
        "Invalid URL",
        "A URL of the document, of the number or of an answer's redirect is none that can be asked. The fallback URL was asked, or the call ended.",
        _RULES_OF_URLS,
    ),
    ReasonCode(
        11200,
        Shelf.WEBHOOK,
        "Error status",
        "Your application answered with an error status other than 404. Statuses of 500 and above were tried again first.",
        "Look into your application's log at the time of the notification; the notification holds the request and the answer.",
    ),
    ReasonCode(
        11205,
        Shelf.WEBHOOK,
        "No answer",
        "Your application could not be reached, or did not answer in time.",
        "Check that the host resolves, that its port is open to the voice server, and that it answers within a few seconds.",
    ),
    ReasonCode(
        11206,
        Shelf.WEBHOOK,
        "Not proper HTTP",
        "What came back was not proper HTTP, or was cut short.",
        "Check what listens at this port; a TLS port asked without TLS answers like this.",
    ),
    ReasonCode(
        11210,
        Shelf.WEBHOOK,
        "Address refused",
        "The host resolves to an address that webhooks may not reach, such as one of the server's own network.",
        "Use a public address, or have the network allowed (OFFHOOK_WEBHOOK_ALLOW).",
    ),
    ReasonCode(
        11215,
        Shelf.WEBHOOK,
        "Too many redirects",
        "The URL redirected more often than is followed.",
        "Give the URL where the redirects end.",
    ),
    ReasonCode(
        11220,
        Shelf.WEBHOOK,
        "TLS failed",
        "The TLS handshake failed.",
        "Check the server's TLS versions and ciphers; TLS 1.2 or later is needed.",
    ),
    ReasonCode(
        11237,
        Shelf.WEBHOOK,
        "Certificate not valid",
        "The certificate of your application's server is not valid: expired, for another host, or signed by somebody unknown.",
        "Renew it, send the whole chain, or have its authority trusted by whoever runs the server.",
    ),
    ReasonCode(
        11750,
        Shelf.WEBHOOK,
        "Answer too large",
        "The answer, or the document in it, is larger than is read.",
        "Documents may have 65,536 bytes, in some languages 102,400. Move long texts into several documents with Redirect.",
    ),
    ReasonCode(
        14106,
        Shelf.WEBHOOK,
        "Documents without end",
        "A call asked for document after document, and none made the caller hear or wait for anything. The call was ended.",
        "Look for a Redirect or an action that leads back to itself; a Pause in the loop is enough.",
    ),
    ReasonCode(
        21402,
        Shelf.WEBHOOK,
        "Not found",
        "Your application answered 404. The fallback URL was asked, or the call ended.",
        "Check the path of the URL.",
    ),
    # Documents.
    ReasonCode(
        12100,
        Shelf.DOCUMENT,
        "Not well-formed",
        "The answer is no XML, or XML that is refused (a DOCTYPE, entities of its own, nested too deep).",
        "The message names the line and the column. `offhook app check` reads a file or a URL as a call would.",
    ),
    ReasonCode(
        12102,
        Shelf.DOCUMENT,
        "No RCML in it",
        "The answer is a web page or other XML where RCML should be.",
        "Often it is an error page or a login page: open the URL as the notification shows it.",
    ),
    ReasonCode(
        12200,
        Shelf.DOCUMENT,
        "Not known",
        "The document has an element, an attribute, a value or a text that is not known there. It was skipped, or replaced as the message says.",
        _SEE_LINE,
    ),
    ReasonCode(
        12300,
        Shelf.DOCUMENT,
        "Not a document",
        "The answer's Content-Type is none that can be run.",
        "Answer with text/xml, application/xml or text/html for RCML, text/plain for words, audio/… for a sound.",
    ),
    # Gather.
    ReasonCode(
        13310,
        Shelf.GATHER,
        "finishOnKey",
        "finishOnKey is no set of keys; # was used.",
        "Give up to twelve keys out of 0-9, * and #, or nothing for no key.",
    ),
    ReasonCode(
        13313,
        Shelf.GATHER,
        "Timeout",
        "timeout, preTimeout or postTimeout is no number of seconds over 0; the default was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13314,
        Shelf.GATHER,
        "numDigits",
        "numDigits is no whole number of 1 or more; there was no limit.",
        _SEE_LINE,
    ),
    ReasonCode(
        13315,
        Shelf.GATHER,
        "startInputKey",
        "startInputKey is no set of keys; every key but # could begin the input.",
        "Give up to twelve keys out of 0-9, * and #.",
    ),
    ReasonCode(
        13321,
        Shelf.GATHER,
        "Voice of a Say in a Gather",
        "The voice is neither man nor woman; the nearest was used.",
        "Give man or woman.",
    ),
    ReasonCode(
        13322, Shelf.GATHER, "Loop of a Say in a Gather", "loop is no whole number; 1 was used.", _SEE_LINE
    ),
    ReasonCode(
        13325,
        Shelf.GATHER,
        "URL of a Play in a Gather",
        "The URL of a prompt is none that can be asked. The fallback URL was asked, or the call ended.",
        _RULES_OF_URLS,
    ),
    ReasonCode(
        13331,
        Shelf.GATHER,
        "Option of a recogniser",
        "The recogniser cannot do what an option asks for; it heard without.",
        "Leave the option out, or choose a recogniser that honours it; docs/recognisers.md has the table.",
    ),
    ReasonCode(
        13332,
        Shelf.GATHER,
        "Unknown recogniser",
        "The recogniser that was asked for is not configured; another of those asked for was used, or those of OFFHOOK_ASR.",
        "Choose one that the message lists, or configure it; docs/recognisers.md says what each needs.",
    ),
    ReasonCode(
        13333,
        Shelf.GATHER,
        "Recogniser left",
        "A recogniser failed, was too slow or is resting; the next one in the order was asked.",
        "See the message for why. `offhook speech vendors --test` tells whether it answers.",
    ),
    ReasonCode(
        13334,
        Shelf.GATHER,
        "Nobody recognised",
        "The only recogniser, or the last of the order, failed or has no model for what was asked; the gather ended without speech.",
        "See the message for why. Give hints, name another language or recogniser, or configure one for free speech "
        "(docs/recognisers.md).",
    ),
    # Dial, Conference and Enqueue.
    ReasonCode(
        13201,
        Shelf.DIAL,
        "Not while screening",
        "A Dial or an Enqueue stood in the document that is run for somebody before they are connected; it was skipped.",
        "Let it have Say, Play, Pause and Gather, and Hangup to decline the call; it connects them at its end.",
    ),
    ReasonCode(
        13210,
        Shelf.DIAL,
        "Method",
        "The method of a Dial or of one of its nouns is neither GET nor POST; POST was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13212,
        Shelf.DIAL,
        "Timeout",
        "timeout is no whole number of seconds over 0; the default was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13214,
        Shelf.DIAL,
        "callerId",
        "callerId is nothing that a call may come from. The document was not run further.",
        "Give a number in E.164, or one of the account's own numbers or caller ids.",
    ),
    ReasonCode(
        13216,
        Shelf.DIAL,
        "timeLimit",
        "timeLimit is no whole number of seconds over 0; the default was used.",
        _SEE_LINE,
    ),
    # Say, Play, Record, Pause, Redirect.
    ReasonCode(
        13233,
        Shelf.SOUND,
        "Sound not playable",
        "A file is no sound that can be played (WAV, MP3, OGG or FLAC). The fallback URL was asked, or the call ended; who waits hears the usual music.",
        "Open the URL yourself: it must answer with the sound and nothing else.",
    ),
    ReasonCode(13410, Shelf.SOUND, "Loop of a Play", "loop is no whole number; 1 was used.", _SEE_LINE),
    ReasonCode(13510, Shelf.SOUND, "Loop of a Say", "loop is no whole number; 1 was used.", _SEE_LINE),
    ReasonCode(
        13511,
        Shelf.SOUND,
        "Voice of a Say",
        "The voice is neither man nor woman; the nearest was used.",
        "Give man or woman.",
    ),
    ReasonCode(
        13512,
        Shelf.SOUND,
        "Voice left",
        "A voice failed, was too slow or is resting; the next one in the order spoke, or went on where it was left.",
        "See the message for why. `offhook speech vendors --test` tells whether it answers.",
    ),
    ReasonCode(
        13513,
        Shelf.SOUND,
        "Unknown voice vendor",
        "The vendor whose voice was asked for is not configured; another of those asked for spoke, or one of OFFHOOK_TTS.",
        "Choose one that the message lists, or configure it; docs/voices.md says what each needs.",
    ),
    ReasonCode(
        13610,
        Shelf.SOUND,
        "Method of a Record",
        "The method is neither GET nor POST; POST was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13612,
        Shelf.SOUND,
        "Time of a Record",
        "timeout or maxLength is no number of seconds over 0; the default was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13613,
        Shelf.SOUND,
        "finishOnKey of a Record",
        "finishOnKey is no set of keys; the default was used.",
        "Give up to twelve keys out of 0-9, * and #, or -1 for no key.",
    ),
    ReasonCode(
        13710,
        Shelf.SOUND,
        "Method of a Redirect",
        "The method is neither GET nor POST; POST was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        13910,
        Shelf.SOUND,
        "Length of a Pause",
        "length is no number of seconds over 0; 1 second was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        15001,
        Shelf.SOUND,
        "No video",
        "A Video element was ignored: calls have sound only.",
        "Leave the element out.",
    ),
    # Messages.
    ReasonCode(
        14101,
        Shelf.MESSAGE,
        "To",
        "The recipient of a message is none on its channel.",
        "Give a number in E.164, or what the channel calls its people.",
    ),
    ReasonCode(
        14102,
        Shelf.MESSAGE,
        "From",
        "The sender of a message is none on its channel.",
        "Give one of the account's numbers, or what the channel calls its people.",
    ),
    ReasonCode(
        14103,
        Shelf.MESSAGE,
        "Body",
        "A message has no text, or one that is too long. The document was not run further.",
        "Put a text into the element; the message says how long it may be.",
    ),
    ReasonCode(
        14104,
        Shelf.MESSAGE,
        "Method",
        "The method of a Gather, Sms or Message is neither GET nor POST; POST was used.",
        _SEE_LINE,
    ),
    ReasonCode(
        30003,
        Shelf.MESSAGE,
        "Undeliverable",
        "The network could not reach the handset.",
        "Try again later; the handset may be off.",
    ),
    ReasonCode(
        30004,
        Shelf.MESSAGE,
        "Blocked",
        "The network or the recipient takes no messages from this sender.",
        "Ask the recipient, or use another sender.",
    ),
    ReasonCode(
        30005,
        Shelf.MESSAGE,
        "Unknown destination",
        "There is no such number, or it takes no messages.",
        "Check the number.",
    ),
    ReasonCode(
        30008,
        Shelf.MESSAGE,
        "Unknown error",
        "The provider refused the message and did not say why in words that are known here.",
        "The message's error_message holds what the provider said.",
    ),
    # Requests to the REST API.
    ReasonCode(
        20001,
        Shelf.REST,
        "Invalid request",
        "A parameter is missing or cannot be right. Nothing was done.",
        "The message names the parameter and says what it must be.",
    ),
    ReasonCode(
        20003,
        Shelf.REST,
        "Not signed in",
        "The request has no credentials, or wrong ones.",
        "Send the account's sid and token, an API key and its secret, or an e-mail address and its password, as Basic authentication.",
    ),
    ReasonCode(
        20004,
        Shelf.REST,
        "Wrong method",
        "The resource does not take this HTTP method.",
        "`/docs` lists what each resource takes.",
    ),
    ReasonCode(
        20005,
        Shelf.REST,
        "Not active",
        "The account, one above it, or the user is suspended or closed.",
        "Ask whoever runs the account.",
    ),
    ReasonCode(
        20403,
        Shelf.REST,
        "Forbidden",
        "Whoever signed in may not do this. The message says who may.",
        "Sign in as the account itself, or as one above it.",
    ),
    ReasonCode(
        20404,
        Shelf.REST,
        "Not found",
        "There is no such thing, or it belongs to another account.",
        "Check the sid, and that the path names the account that it belongs to.",
    ),
    ReasonCode(
        20409,
        Shelf.REST,
        "Conflict",
        "Somebody has already what can be had only once.",
        "Choose another name.",
    ),
    ReasonCode(
        20410,
        Shelf.REST,
        "Over",
        "What was to be changed is over, such as a call that has ended.",
        "Look at its status first.",
    ),
    ReasonCode(
        20413,
        Shelf.REST,
        "Too large",
        "The body of the request is larger than is read.",
        "A request has at most 1,000,000 bytes.",
    ),
    ReasonCode(
        20415,
        Shelf.REST,
        "Wrong content type",
        "The body of the request is not a form.",
        "Send parameters as application/x-www-form-urlencoded.",
    ),
    ReasonCode(
        20500,
        Shelf.REST,
        "Server error",
        "Something of the server's own failed.",
        "Nothing in the request is wrong. If it happens again, tell whoever runs the server, with the time.",
    ),
    ReasonCode(
        20503,
        Shelf.REST,
        "Busy",
        "All lines are busy, or the database or the call's worker is away. Nothing was done.",
        "Ask again as Retry-After says.",
    ),
    ReasonCode(
        21215,
        Shelf.REST,
        "Destination not allowed",
        "The account may not call this number.",
        "The message says why. Have the destination allowed by whoever runs the server.",
    ),
    ReasonCode(
        21452,
        Shelf.REST,
        "Number taken",
        "Another account, or this one, has the number already.",
        "Choose another number, or change the one that is there.",
    ),
)

REASON_CODES = {
    reason.code: reason for reason in sorted((*_CODES, *VOBIZ_CODES), key=lambda reason: reason.code)
}
"""All of them by their number, in its order."""


def on_shelf(shelf: Shelf) -> tuple[ReasonCode, ...]:
    """Those of one kind, by their number."""
    return tuple(reason for reason in REASON_CODES.values() if reason.shelf is shelf)
