"""The REST API: one package per family of clients, one application over all."""
