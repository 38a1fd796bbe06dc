"""What each resource takes and shows, as `/openapi.json` and `/docs` tell it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource. All are names parted by blanks; a form field that is required has an asterisk after it."""

    shows: str = ""
    """The fields of one of it."""
    filters: str = ""
    """What the query of its list may ask for."""
    is_paged: bool = True
    """Whether its list comes in pages; else it is all there are."""
    create: str = ""
    """The form fields of a new one."""
    update: str = ""
    """The form fields of a change."""


_VOICE_URLS = "VoiceUrl VoiceMethod VoiceFallbackUrl VoiceFallbackMethod VoiceApplicationSid"
_NUMBER = (
    f"FriendlyName ApiVersion {_VOICE_URLS} StatusCallback StatusCallbackMethod VoiceCallerIdLookup SmsUrl SmsMethod "
    "SmsFallbackUrl SmsFallbackMethod SmsApplicationSid UssdUrl UssdMethod UssdFallbackUrl UssdFallbackMethod "
    "UssdApplicationSid ReferUrl ReferMethod ReferApplicationSid VoiceCapable SmsCapable MmsCapable FaxCapable Metadata "
    "RecordAll"
)
_CLIENT = f"FriendlyName Status {_VOICE_URLS} IsPushEnabled ContactUri"
_IDENTITY = "FriendlyName MessageUrl MessageMethod"
_DATES = "date_created date_updated"
_VERB = "sid date_created account_sid org_sid call_sid api_version status reason error_code duration uri"
_ASKED_OF_VERBS = "DateCreated CallSid"

_NUMBERS = Resource(
    shows=(
        "sid account_sid friendly_name phone_number voice_url voice_method voice_fallback_url voice_fallback_method "
        "status_callback status_callback_method voice_caller_id_lookup voice_application_sid voice_application_name "
        f"{_DATES} sms_url sms_method sms_fallback_url sms_fallback_method sms_application_sid ussd_url ussd_method "
        "ussd_fallback_url ussd_fallback_method ussd_application_sid refer_url refer_method refer_application_sid "
        "capabilities metadata record_all api_version uri"
    ),
    filters="PhoneNumber FriendlyName SortBy Reverse",
    create=f"PhoneNumber* AreaCode isSIP {_NUMBER}",
    update=_NUMBER,
)
_NOTIFICATIONS = Resource(
    shows=(
        f"sid {_DATES} account_sid call_sid api_version log error_code more_info message_text message_date request_url "
        "request_method request_variables response_headers response_body uri"
    ),
    filters="StartTime EndTime ErrorCode RequestUrl MessageText CallSid",
)
_RECORDINGS = Resource(
    shows=(
        f"sid {_DATES} account_sid call_sid conference_sid duration channels source status reason api_version uri file_uri"
    ),
    filters="CallSid ConferenceSid StartTime EndTime DateCreated SubAccounts SortBy Reverse",
)
_TRACES = Resource(
    shows="sid call_sid account_sid date_created offset_ms kind details api_version", filters="CallSid Kind"
)

RESOURCES: Mapping[str, Resource] = {
    "": Resource(
        shows=(
            "sid organization friendly_name email_address type status role parent_sid date_created date_updated auth_token "
            "metadata record_all uri subresource_uris"
        ),
        filters="FriendlyName OrganizationSid Status",
        is_paged=False,
        create="EmailAddress* Password* FriendlyName Status Role OrganizationSid Metadata RecordAll",
        update="FriendlyName Password Status Role Metadata RecordAll",
    ),
    "Users": Resource(
        shows=f"sid account_sid email_address friendly_name role status {_DATES} uri",
        create="EmailAddress* Password* FriendlyName Role Status",
        update="FriendlyName Password Role Status",
    ),
    "ApiKeys": Resource(
        shows=f"sid account_sid friendly_name {_DATES} uri", create="FriendlyName", update="FriendlyName"
    ),
    "IncomingPhoneNumbers": _NUMBERS,
    "IncomingPhoneNumbers/AvailableCountries": Resource(is_paged=False),
    "IncomingPhoneNumbers/Local": _NUMBERS,
    "IncomingPhoneNumbers/Mobile": _NUMBERS,
    "IncomingPhoneNumbers/TollFree": _NUMBERS,
    "Applications": Resource(
        shows=f"sid {_DATES} friendly_name account_sid api_version voice_caller_id_lookup uri rcml_url kind numbers",
        is_paged=False,
        create="FriendlyName* ApiVersion VoiceCallerIdLookup RcmlUrl Kind",
        update="FriendlyName ApiVersion VoiceCallerIdLookup RcmlUrl Kind",
    ),
    "Clients": Resource(
        shows=(
            f"sid {_DATES} account_sid api_version friendly_name login password_algorithm status voice_url voice_method "
            "voice_fallback_url voice_fallback_method voice_application_sid contact_uri uri is_push_enabled push_client_identity"
        ),
        is_paged=False,
        create=f"Login* Password* {_CLIENT}",
        update=f"Password {_CLIENT}",
    ),
    "OutgoingCallerIds": Resource(
        shows=f"sid account_sid friendly_name phone_number {_DATES} uri",
        is_paged=False,
        create="PhoneNumber* FriendlyName",
        update="FriendlyName",
    ),
    "Usage/Records": Resource(
        shows="category description account_sid start_date end_date usage usage_unit count count_unit uri",
        filters="Category StartDate EndDate",
        is_paged=False,
    ),
    "Calls": Resource(
        shows=(
            f"sid InstanceId {_DATES} parent_call_sid account_sid to from phone_number_sid status start_time end_time duration "
            "direction api_version forwarded_from caller_name uri ring_duration metadata subresource_uris"
        ),
        filters="From To Status StartTime EndTime ParentCallSid",
        create=(
            "From* To* Url Method ApplicationSid FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod "
            "StatusCallbackEvent Timeout Username Password SendDigits Record RecordAll MachineDetection Metadata"
        ),
        update=(
            "Url Method ApplicationSid FallbackUrl FallbackMethod StatusCallback StatusCallbackMethod MoveConnectedCallLeg Status "
            "Mute"
        ),
    ),
    "Calls/Notifications": replace(
        _NOTIFICATIONS, filters="StartTime EndTime ErrorCode RequestUrl MessageText"
    ),
    "Calls/Recordings": replace(_RECORDINGS, filters="", is_paged=False),
    "Calls/Traces": replace(_TRACES, filters="Kind"),
    "Conferences": Resource(
        shows=f"sid {_DATES} account_sid status api_version friendly_name uri subresource_uris",
        filters="Status DateCreated DateUpdated FriendlyName",
        update="Status*",
    ),
    "Conferences/Participants": Resource(
        shows=(
            f"sid conference_sid {_DATES} account_sid muted hold start_conference_on_enter end_conference_on_enter uri"
        ),
        update="Mute Hold HoldUrl HoldMethod Status",
    ),
    "Notifications": _NOTIFICATIONS,
    "Traces": _TRACES,
    "Gathers": Resource(
        shows=(
            "sid date_created account_sid org_sid call_sid provider language preTimeout postTimeout hints timeout finishOnKey "
            "numDigits actionOnEmptyResult action_on_empty_result duration status reason api_version uri speech_result "
            "confidence digits ended_by"
        ),
        filters="DateCreated CallSid Extended",
    ),
    "Recordings": _RECORDINGS,
    "Transcriptions": Resource(
        shows=(
            f"sid {_DATES} account_sid status reason recording_sid duration transcription_text language provider api_version uri"
        ),
        filters="TranscriptionText StartTime EndTime RecordingSid",
    ),
    "Says": Resource(
        shows=f"{_VERB} character_count provider language voice loop",
        filters=_ASKED_OF_VERBS,
        create="CallSid* Text* Voice Language Loop",
    ),
    "Plays": Resource(
        shows=f"{_VERB} play_uri loop", filters=_ASKED_OF_VERBS, create="CallSid* Url* PlayUri Loop"
    ),
    "Holds": Resource(shows=_VERB, filters=_ASKED_OF_VERBS, create="CallSid* HoldMusic"),
    "Resumes": Resource(shows=_VERB, filters=_ASKED_OF_VERBS, create="CallSid*"),
    "Refers": Resource(shows=_VERB, filters=_ASKED_OF_VERBS, create="CallSid* Target* To"),
    "SMS/Messages": Resource(
        shows=(
            f"sid {_DATES} date_sent account_sid from to body status direction error_code error_message api_version uri"
        ),
        filters="From To Body Status StartTime EndTime SortBy",
        create="From* To* Body* Encoding StatusCallback StatusCallbackMethod",
    ),
    "Messages": Resource(
        shows=(
            "sid account_sid channel from to body media_url status direction error_code error_message status_callback "
            f"{_DATES} date_sent api_version uri"
        ),
        filters="From To Body Status StartTime EndTime SortBy",
        create="From* To* Body MediaUrl StatusCallback StatusCallbackMethod StatusCallbackEvent",
    ),
    "Email/Messages": Resource(
        shows=(
            f"sid {_DATES} date_sent account_sid from to cc bcc body subject type status error_code error_message api_version uri"
        ),
        filters="From To Subject Status StartTime EndTime",
        create="From* To* Subject* Body* CC BCC Type",
    ),
    "ChannelIdentities": Resource(
        shows=f"sid account_sid channel identity friendly_name message_url message_method {_DATES} api_version uri",
        filters="Channel",
        create=f"Identity* Channel {_IDENTITY}",
        update=_IDENTITY,
    ),
}
"""By their path below an account, without the sids in it."""


def resource_at(path: str) -> Resource:
    """The resource whose list or member lies at a path template below an account."""
    name = "/".join(part for part in path.split("/") if part and "{" not in part)
    return RESOURCES.get(name) or Resource()
