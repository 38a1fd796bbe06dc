"""What Offhook uses of the PJSUA2 module (SWIG, untyped), written by hand."""

from collections.abc import Callable, Iterator, Sequence
from typing import ClassVar

PJMEDIA_FILE_NO_LOOP: int
PJMEDIA_DIR_DECODING: int
PJMEDIA_FRAME_TYPE_AUDIO: int
PJMEDIA_TYPE_AUDIO: int
PJSIP_EVENT_RX_MSG: int
PJSIP_EVENT_TSX_STATE: int
PJSIP_EVENT_TX_MSG: int
PJSIP_INV_STATE_CONFIRMED: int
PJSIP_INV_STATE_CONNECTING: int
PJSIP_INV_STATE_DISCONNECTED: int
PJSIP_INV_STATE_EARLY: int
PJSIP_ROLE_UAC: int
PJMEDIA_SRTP_DISABLED: int
PJMEDIA_SRTP_MANDATORY: int
PJMEDIA_SRTP_OPTIONAL: int
PJSIP_TP_STATE_CONNECTED: int
PJSIP_TP_STATE_DISCONNECTED: int
PJSIP_TP_STATE_SHUTDOWN: int
PJSIP_TRANSPORT_TCP: int
PJSIP_TRANSPORT_TCP6: int
PJSIP_TRANSPORT_TLS: int
PJSIP_TRANSPORT_TLS6: int
PJSIP_TRANSPORT_UDP: int
PJSIP_TRANSPORT_UDP6: int
PJSIP_TSX_STATE_COMPLETED: int
PJSIP_TSX_STATE_TRYING: int
PJSUA_CALL_MEDIA_ACTIVE: int
PJSUA_CALL_MEDIA_ERROR: int
PJSUA_CALL_MEDIA_LOCAL_HOLD: int
PJSUA_CALL_MEDIA_NONE: int
PJSUA_CALL_MEDIA_REMOTE_HOLD: int
PJSUA_CALL_UNHOLD: int
PJSUA_DESTROY_NO_NETWORK: int
PJSUA_DTMF_METHOD_SIP_INFO: int
PJSUA_INVALID_ID: int
PJSUA_IPV6_DISABLED: int
PJSUA_IPV6_ENABLED_USE_IPV6_ONLY: int
PJ_SSL_SOCK_PROTO_TLS1_2: int
PJ_SSL_SOCK_PROTO_TLS1_3: int

class Error(Exception):
    status: int
    reason: str
    def info(self, multi_line: bool = ...) -> str: ...

class ByteVector:
    this: int
    def __init__(self, content: bytes = ...) -> None: ...
    def __iter__(self) -> Iterator[int]: ...
    def __len__(self) -> int: ...
    def __bytes__(self) -> bytes: ...
    def copy_to_bytearray(self, content: bytearray) -> None: ...  # not in 2.15

class MediaFrame:
    this: int
    type: int
    buf: ByteVector
    size: int

class MediaFormatAudio:
    type: int
    clockRate: int
    channelCount: int
    bitsPerSample: int
    frameTimeUsec: int

class Media: ...

class AudioMedia(Media):
    def adjustTxLevel(self, level: float) -> None: ...
    def startTransmit(self, sink: AudioMedia) -> None: ...
    def stopTransmit(self, sink: AudioMedia) -> None: ...

class AudioMediaPort(AudioMedia):
    __swig_destroy__: ClassVar[Callable[[AudioMediaPort], None]]
    def __init__(self) -> None: ...
    def createPort(self, name: str, format: MediaFormatAudio) -> None: ...

class AudioMediaPlayer(AudioMedia):
    __swig_destroy__: ClassVar[Callable[[AudioMediaPlayer], None]]
    def __init__(self) -> None: ...
    def createPlayer(self, file_name: str, options: int = ...) -> None: ...
    def getPos(self) -> int: ...
    def setPos(self, samples: int) -> None: ...

class AudioMediaRecorder(AudioMedia):
    __swig_destroy__: ClassVar[Callable[[AudioMediaRecorder], None]]
    def __init__(self) -> None: ...
    def createRecorder(self, file_name: str) -> None: ...

class ToneGenerator(AudioMedia):
    __swig_destroy__: ClassVar[Callable[[ToneGenerator], None]]
    def __init__(self) -> None: ...
    def createToneGenerator(self, clock_rate: int, channel_count: int) -> None: ...

class AudDevManager:
    def setNullDev(self) -> None: ...
    def getPlaybackDevMedia(self) -> AudioMedia: ...

class LogConfig:
    level: int
    consoleLevel: int

class UaConfig:
    maxCalls: int
    threadCnt: int
    mainThreadOnly: bool
    userAgent: str

class MediaConfig:
    clockRate: int
    sndClockRate: int
    noVad: bool
    ecTailLen: int
    sndAutoCloseTime: int
    maxMediaPorts: int

class EpConfig:
    logConfig: LogConfig
    uaConfig: UaConfig
    medConfig: MediaConfig

class TlsConfig:
    certFile: str
    privKeyFile: str
    CaListFile: str
    verifyServer: bool
    proto: int
    enableRenegotiation: bool
    msecTimeout: int

class TransportConfig:
    tlsConfig: TlsConfig
    port: int
    portRange: int
    boundAddress: str
    publicAddress: str

class TransportInfo:
    localName: str

class CodecInfo:
    codecId: str
    priority: int

class Endpoint:
    @staticmethod
    def instance() -> Endpoint: ...
    __swig_destroy__: ClassVar[Callable[[Endpoint], None]]
    def libCreate(self) -> None: ...
    def libInit(self, config: EpConfig) -> None: ...
    def libStart(self) -> None: ...
    def libDestroy(self, flags: int = ...) -> None: ...
    def libHandleEvents(self, milliseconds: int) -> int: ...
    def hangupAllCalls(self) -> None: ...
    def transportCreate(self, type: int, config: TransportConfig) -> int: ...
    def transportClose(self, number: int) -> None: ...
    def transportGetInfo(self, number: int) -> TransportInfo: ...
    def audDevManager(self) -> AudDevManager: ...
    def codecEnum2(self) -> Sequence[CodecInfo]: ...
    def codecSetPriority(self, codec: str, priority: int) -> None: ...

class AccountCallConfig:
    timerSessExpiresSec: int

class AccountMediaConfig:
    ipv6Use: int
    srtpUse: int
    srtpSecureSignaling: int
    transportConfig: TransportConfig

class StringVector:
    def append(self, value: str) -> None: ...

class AuthCredInfo:
    def __init__(self, scheme: str, realm: str, user: str, data_type: int, data: str) -> None: ...

class AuthCredInfoVector:
    def append(self, value: AuthCredInfo) -> None: ...

class AccountRegConfig:
    registrarUri: str
    registerOnAdd: bool
    timeoutSec: int
    retryIntervalSec: int
    firstRetryIntervalSec: int
    dropCallsOnFail: bool
    headers: SipHeaderVector

class AccountNatConfig:
    sipOutboundUse: int
    contactRewriteUse: int
    contactUseSrcPort: bool

class AccountSipConfig:
    ipv6Use: int
    contactForced: str
    authCreds: AuthCredInfoVector
    proxies: StringVector

class AccountConfig:
    natConfig: AccountNatConfig
    regConfig: AccountRegConfig
    callConfig: AccountCallConfig
    sipConfig: AccountSipConfig
    idUri: str
    mediaConfig: AccountMediaConfig

class SipRxData:
    pjRxData: int
    info: str
    wholeMsg: str
    srcAddress: str

class SipTxData:
    info: str
    dstAddress: str

class TlsInfo:
    verifyStatus: int
    verifyMsgs: Sequence[str]
    remoteAddr: str
    def isEmpty(self) -> bool: ...

class OnTransportStateParam:
    hnd: int
    state: int
    lastError: int
    tlsInfo: TlsInfo

class OnSelectAccountParam:
    rdata: SipRxData
    accountIndex: int

class OnRegStateParam:
    code: int
    reason: str
    expiration: int

class OnIncomingCallParam:
    callId: int
    rdata: SipRxData

class Account:
    __swig_destroy__: ClassVar[Callable[[Account], None]]
    def __init__(self) -> None: ...
    def create(self, config: AccountConfig, make_default: bool = ...) -> None: ...
    def modify(self, config: AccountConfig) -> None: ...
    def shutdown(self) -> None: ...
    def setRegistration(self, renew: bool) -> None: ...
    def getId(self) -> int: ...

class SipHeader:
    hName: str
    hValue: str

class SipHeaderVector:
    def push_back(self, header: SipHeader) -> None: ...

class SipTxOption:
    localUri: str
    headers: SipHeaderVector
    contentType: str
    msgBody: str

class CallSetting:
    flag: int
    textCount: int

class CallOpParam:
    opt: CallSetting
    statusCode: int
    reason: str
    txOption: SipTxOption
    def __init__(self, use_default_call_setting: bool = ...) -> None: ...

class CallSendRequestParam:
    method: str
    txOption: SipTxOption

class CallSendDtmfParam:
    method: int
    digits: str

class OnCallStateParam:
    e: SipEvent

class OnCallTransferRequestParam:
    statusCode: int

class OnCallReplaceRequestParam:
    statusCode: int

class OnCreateMediaTransportParam:
    mediaTp: int

class OnStreamCreatedParam:
    stream: int

class OnStreamDestroyedParam:
    streamIdx: int

class MathStat:
    n: int
    max: int
    mean: int

class RtcpStreamStat:
    pkt: int
    discard: int
    loss: int
    jitterUsec: MathStat
    updateCount: int

class RtcpStat:
    rxStat: RtcpStreamStat
    txStat: RtcpStreamStat
    rttUsec: MathStat

class JbufState:
    size: int
    avgBurst: int
    maxDelayMsec: int
    discard: int
    lost: int

class StreamStat:
    jbuf: JbufState
    rtcp: RtcpStat

class StreamInfo:
    codecName: str
    remoteRtpAddress: str
    audTxEventPt: int

class OnCallMediaStateParam: ...

class SipTransaction:
    method: str
    role: int
    state: int
    statusCode: int

class TsxStateEventSrc:
    rdata: SipRxData
    tdata: SipTxData

class TsxStateEvent:
    src: TsxStateEventSrc
    tsx: SipTransaction
    prevState: int
    type: int

class SipEventBody:
    tsxState: TsxStateEvent

class SipEvent:
    type: int
    body: SipEventBody

class OnCallTsxStateParam:
    e: SipEvent

class OnDtmfDigitParam:
    digit: str
    method: int

class CallMediaInfo:
    index: int
    type: int
    status: int
    dir: int

class CallInfo:
    id: int
    accId: int
    remoteContact: str
    callIdString: str
    state: int
    lastStatusCode: int
    lastReason: str
    media: Sequence[CallMediaInfo]

class Call:
    __swig_destroy__: ClassVar[Callable[[Call], None]]
    def __init__(self, account: Account, number: int = ...) -> None: ...
    def getInfo(self) -> CallInfo: ...
    def getId(self) -> int: ...
    def getAudioMedia(self, index: int) -> AudioMedia: ...
    def answer(self, parameter: CallOpParam) -> None: ...
    def hangup(self, parameter: CallOpParam) -> None: ...
    def makeCall(self, uri: str, parameter: CallOpParam) -> None: ...
    def dialDtmf(self, digits: str) -> None: ...
    def setHold(self, parameter: CallOpParam) -> None: ...
    def reinvite(self, parameter: CallOpParam) -> None: ...
    def xfer(self, uri: str, parameter: CallOpParam) -> None: ...
    def sendRequest(self, parameter: CallSendRequestParam) -> None: ...
    def sendDtmf(self, parameter: CallSendDtmfParam) -> None: ...
    def getStreamStat(self, index: int) -> StreamStat: ...
    def getStreamInfo(self, index: int) -> StreamInfo: ...
