"""The API of Vobiz, and of Plivo before it: JSON under /v1/Account and /api/v1/Account."""
