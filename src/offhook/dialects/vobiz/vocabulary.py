"""What reading XML needs to know of Vobiz XML."""

from offhook.dialects.vobiz.codes import ACTION_URL, NOT_WELL_FORMED, SCHEMA, TOO_LARGE
from offhook.dialects.xml_reading.vocabulary import Vocabulary

_GATHER_TIMEOUT = " Gather has executionTimeout; timeout belongs to Dial."

VOBIZ_XML = Vocabulary(
    name="Vobiz XML",
    say="Speak",
    not_well_formed=NOT_WELL_FORMED,
    too_large=TOO_LARGE,
    schema=SCHEMA,
    invalid_uri=ACTION_URL,
    method=SCHEMA,
    most_bytes=102_400,
    most_attribute_bytes=65_536,
    repairs_ampersands=False,
    resolves_relative_urls=False,
    elsewhere={
        "say": "Speak",
        "prompt": "Speak",
        "pause": "Wait",
        "reject": "Hangup",
        "disconnect": "Hangup",
        "sip": "User",
        "client": "User",
        "input": "inputType",
        "type": "inputType",
        "digittimeout": "digitEndTimeout",
        "speechtimeout": "speechEndTimeout",
        "posttimeout": "speechEndTimeout",
        "partialresultcallback": "interimSpeechResultsCallback",
        "maxmembers": "maxParticipants",
        "waiturl": "waitSound",
    },
    attribute_hints={("Gather", "timeout"): _GATHER_TIMEOUT},
)
"""The attributes of a hint list need room: 10,000 characters, which are up to four bytes each."""
