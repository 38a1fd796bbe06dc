"""Carriers of messages and e-mails, one file each, behind the ports in `port.py`."""
