"""The language that applications of this API are written in, by the name that rows and `processes.languages` know."""

LANGUAGE = "vobiz"
