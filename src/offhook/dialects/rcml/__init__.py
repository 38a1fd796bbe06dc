"""RCML, the language of Restcomm applications: read.py takes it in, write.py answers, README.md has the decisions."""
