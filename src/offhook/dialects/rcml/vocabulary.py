"""What reading XML needs to know of RCML."""

from offhook.dialects.rcml.codes import INVALID_URI, METHOD, NOT_WELL_FORMED, SCHEMA, TOO_LARGE
from offhook.dialects.xml_reading.vocabulary import Vocabulary

_CHOSEN_ELSEWHERE = ' The attribute "recognizer" chooses the speech recogniser.'

RCML = Vocabulary(
    name="RCML",
    say="Say",
    not_well_formed=NOT_WELL_FORMED,
    too_large=TOO_LARGE,
    schema=SCHEMA,
    invalid_uri=INVALID_URI,
    method=METHOD,
    elsewhere={
        "speak": "Say",
        "prompt": "Say",
        "wait": "Pause",
        "getdigits": "Gather",
        "getinput": "Gather",
        "hang": "Hangup",
        "disconnect": "Hangup",
        "speechtimeout": "postTimeout",
        "executiontimeout": "preTimeout",
        "digitendtimeout": "postTimeout",
        "digittimeout": "postTimeout",
        "inputtype": "input",
        "validdigits": "startInputKey",
        "actiononempty": "actionOnEmptyResult",
        "interimspeechresultscallback": "partialResultCallback",
        "minbargeinwordcount": "minBargeInWords",
        "bargeinmode": "bargeIn",
        "interdigittimeout": "postTimeout",
        "alternativelanguages": "altLanguages",
        "boost": "hintsBoost",
        "customvocabulary": "vocabularyName",
        "vocabularyfiltermethod": "filterMethod",
        "maxspeechduration": "maxSpeechTime",
        "initialspeechtimeout": "initialSpeechTimeoutMs",
    },
    attribute_hints={
        ("Gather", "provider"): _CHOSEN_ELSEWHERE,
        ("Gather", "driver"): _CHOSEN_ELSEWHERE,
    },
)
