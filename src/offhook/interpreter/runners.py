"""Which runner runs which verb."""

from offhook.interpreter.echo import echo
from offhook.interpreter.gather import gather
from offhook.interpreter.hangup import hangup
from offhook.interpreter.pause import pause
from offhook.interpreter.play import play
from offhook.interpreter.redirect import redirect
from offhook.interpreter.reject import reject
from offhook.interpreter.say import say
from offhook.interpreter.scene import Scene
from offhook.verbs import Echo, Gather, Hangup, Outcome, Pause, Play, Redirect, Reject, Say, Verb


async def run_verb(verb: Verb, scene: Scene) -> Outcome:
    """Run one verb to its end. Raises CallEnded, CustomerError, ProviderError."""
    match verb:
        case Say():
            return await say(verb, scene)
        case Play():
            return await play(verb, scene)
        case Pause():
            return await pause(verb, scene)
        case Gather():
            return await gather(verb, scene)
        case Redirect():
            return await redirect(verb, scene)
        case Hangup():
            return await hangup(verb, scene)
        case Reject():
            return await reject(verb, scene)
        case Echo():
            return await echo(verb, scene)
