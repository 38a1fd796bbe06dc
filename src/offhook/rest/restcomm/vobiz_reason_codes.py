"""The reason codes of documents that are written for Vobiz or Plivo."""

from offhook.rest.restcomm.reason_code import ReasonCode, Shelf

VOBIZ_CODES = (
    ReasonCode(
        16722,
        Shelf.VOBIZ,
        "Action URL not valid",
        "The action that a document names is no absolute http or https URL. It ended the document: the fallback URL was asked, or the call ended with the hangup cause 7022.",
        "Use a fully qualified URL, with its special characters percent-encoded; in XML, & is written &amp;.",
    ),
    ReasonCode(
        16724,
        Shelf.VOBIZ,
        "Redirect URL not valid",
        "A Redirect names no absolute http or https URL, or none at all. It ended the document: the fallback URL was asked, or the call ended with the hangup cause 7024.",
        "Put a fully qualified URL between the tags of Redirect.",
    ),
    ReasonCode(
        16732,
        Shelf.VOBIZ,
        "Action method not valid",
        "The method of an action is neither GET nor POST. It ended the document: the fallback URL was asked, or the call ended with the hangup cause 7032.",
        "Use GET or POST.",
    ),
    ReasonCode(
        16734,
        Shelf.VOBIZ,
        "Redirect method not valid",
        "The method of a Redirect is neither GET nor POST. It ended the document: the fallback URL was asked, or the call ended with the hangup cause 7034.",
        "Use GET or POST.",
    ),
    ReasonCode(
        16801,
        Shelf.VOBIZ,
        "Not well-formed",
        "The answer is no well-formed XML, is empty, or is XML that is refused, such as one with a DOCTYPE. It was not run: the hangup cause is 8011 to 8014, by what was asked.",
        "The message names the line and column. Write & as &amp; and < as &lt; in texts and URLs, or let a library write the XML. `offhook app check` reads a file or a URL as a call would.",
    ),
    ReasonCode(
        16802,
        Shelf.VOBIZ,
        "Wrong root",
        "The root of the XML is not Response. It was not run: the hangup cause is 8011 to 8014, by what was asked.",
        "Put all elements into one <Response>, with a capital R.",
    ),
    ReasonCode(
        16803,
        Shelf.VOBIZ,
        "Wrong content type",
        "The answer was not sent as application/xml or text/xml. It was not run: the hangup cause is 8011 to 8014, by what was asked.",
        "Set the Content-Type header of the answer.",
    ),
    ReasonCode(
        16804,
        Shelf.VOBIZ,
        "Document too large",
        "The document has more than 102,400 bytes. It was not run: the hangup cause is 8011 to 8014, by what was asked.",
        "Divide it into several documents with Redirect.",
    ),
    ReasonCode(
        16805,
        Shelf.VOBIZ,
        "Attribute missing",
        "An element lacks an attribute without which it cannot be run, such as the action of Gather. The document was not run: the hangup cause is 8011 to 8014, by what was asked.",
        "The message names the line and the attribute. Add it.",
    ),
    ReasonCode(
        16810,
        Shelf.VOBIZ,
        "Not known",
        "An element, an attribute or a value is not known. It was skipped, or its default was used, and the call went on.",
        "The message names the line and what was used instead; the names are case-sensitive. `offhook app check` shows all such places at once.",
    ),
    ReasonCode(
        16811,
        Shelf.VOBIZ,
        "Wrong place",
        "An element stands where it may not stand. It was skipped, and the call went on.",
        "The message names the line and what may stand there. `offhook app check` shows all such places at once.",
    ),
    ReasonCode(
        16812,
        Shelf.VOBIZ,
        "Out of range",
        "A number is out of its range, or a list or text is too long. The nearest that is allowed was used, and the call went on.",
        "The message names the line, the attribute and the range. `offhook app check` shows all such places at once.",
    ),
    ReasonCode(
        16813,
        Shelf.VOBIZ,
        "Not served",
        "An element or attribute that Vobiz or Plivo has is not served by this server. It was left out, and the call went on.",
        "The message says what happened instead.",
    ),
    ReasonCode(
        16814,
        Shelf.VOBIZ,
        "URL left out",
        "A URL that nothing depends on, such as that of a callback or of a sound, is no absolute http or https URL. It was left out, and the call went on.",
        "Use a fully qualified URL.",
    ),
)
