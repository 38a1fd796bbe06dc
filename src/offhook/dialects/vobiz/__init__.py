"""Vobiz XML, and the XML of Plivo, from which it comes."""
