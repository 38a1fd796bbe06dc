"""The languages that applications speak; siblings never import one another."""
