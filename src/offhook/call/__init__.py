"""The call as seen from above: its port, what is known of it, what it tells, how it ends."""
