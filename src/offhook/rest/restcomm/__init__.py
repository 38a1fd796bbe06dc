"""The Restcomm REST API, version 2012-04-24: resources, their spelling, their paging."""
