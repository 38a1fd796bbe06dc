"""The recogniser, the voice and the sound decoder that come with Offhook.

They run in speech processes of their own (`server.py`), because their libraries hold the interpreter lock,
keep global state, or read files of strangers. `recogniser.py`, `voice.py` and `decoder.py` are the clients.
"""
