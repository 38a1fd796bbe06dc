"""All routes of this API, in the order in which they are tried."""

from offhook.rest.vobiz import (
    accounts,
    applications,
    calls,
    cdr,
    conferences,
    live,
    members,
    numbers,
    recordings,
    streams,
)

ROUTERS = (
    accounts.router,
    applications.router,
    numbers.router,
    calls.router,
    live.router,
    streams.router,
    recordings.router,
    conferences.router,
    members.router,
    cdr.router,
)
