"""What Offhook needs of recognisers and voices: two ports, five events, and the local ear that hears speech."""
