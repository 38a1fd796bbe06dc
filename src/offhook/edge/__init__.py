"""What stands before the workers on the SIP port: Kamailio, configured and kept informed by us."""
