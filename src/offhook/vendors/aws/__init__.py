"""Amazon Transcribe: its streaming protocol over WebSocket, and the signature that its addresses carry."""
