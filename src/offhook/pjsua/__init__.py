"""SIP and RTP through PJSUA2: the only package that imports pjsua2, and the only thread that touches it.

    asyncio loop                        owner thread ("pjsua")                clock thread (PJMEDIA's own)
    leg.Leg ── engine.submit(command) ─► sip_call.SipCall ── pj.Call
        ▲ ◄─ loop.call_soon_threadsafe ─ callbacks, plain values only
        ▲ ◄─ frames.FrameHub ◄──────────────────────────────────────────────── FramePort.onFrameReceived

The rules that keep it alive, each found the hard way (docs/pjsua2.md tells how):

- One thread does `libInit`, every call into pjsua2, and `libHandleEvents`.
- A `pj.Call` is destroyed inside its own last `onCallState`: later, its number may belong to another call,
  and the destructor would hang that one up.
- A `FramePort` is never dropped, only lent and returned; a dropped one can crash the process.
- Connections go through `cables.Cables` alone; of a call that ends nothing is disconnected.
- No header named `Event` is given as text (`referral.EVENT` tells why).
- New calls are taken in at a bounded rate, and the library is not polled while too many sockets linger:
  with the PyPI wheel the 65th socket aborts the process.
"""
