"""A telephone without a handset: calls a SIP URI, follows a script, and tells what it heard."""
