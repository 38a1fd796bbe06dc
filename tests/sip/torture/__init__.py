"""Messages after the descriptions of RFC 4475, "SIP Torture Test Messages": what is odd in each, and what is a right answer."""
