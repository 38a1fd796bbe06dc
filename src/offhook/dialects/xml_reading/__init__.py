"""Reading documents in XML, for every dialect that is written in it: safely, with positions, and with faults in words."""
