"""Requests to customers' applications: fetched documents and sounds, partial results, and the outbox's dispatcher."""
