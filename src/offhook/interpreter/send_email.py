"""Runs SendEmail: the e-mail becomes a fact, and whoever sends e-mails finds it among the rows."""

from offhook.call.info import new_id
from offhook.call.message_facts import EmailRaised
from offhook.interpreter.scene import Scene
from offhook.verbs import Done, SendEmail


async def send_email(verb: SendEmail, scene: Scene) -> Done:
    """Hand the e-mail over; what becomes of it is no concern of the call."""
    info, tools = scene.call.info, scene.tools
    tools.recorder.emit(
        EmailRaised(
            email_id=new_id(),
            call_id=info.call_id,
            account_sid=info.account_sid,
            at=tools.wall_clock(),
            from_=verb.from_,
            to=verb.to,
            cc=verb.cc,
            bcc=verb.bcc,
            subject=verb.subject,
            body=verb.body,
        )
    )
    return Done()
