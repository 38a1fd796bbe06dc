"""Prints docs/reason-codes.md: python scripts/reason_codes_page.py > docs/reason-codes.md"""

import sys

from offhook.rest.restcomm.reason_code import Shelf
from offhook.rest.restcomm.reason_codes import on_shelf

HEAD = """# Reason codes

Each stands in a notification (`GET …/Notifications`, `offhook calls show`), in the answer to a REST request that was refused, or in
the `error_code` of a message. `more_info` leads to a page of the server's own about it, open to everybody: `/restcomm/errors/11200.html`;
`/restcomm/errors` lists them all.
"""

sections = [
    "\n".join(
        [
            f"\n## {shelf}\n",
            "| Code | Name | What happened | What to do |",
            "|---|---|---|---|",
            *(
                f"| {reason.code} | {reason.name} | {reason.meaning} | {reason.remedy} |"
                for reason in on_shelf(shelf)
            ),
        ]
    )
    for shelf in Shelf
]
sys.stdout.write(HEAD + "\n".join(sections) + "\n")
