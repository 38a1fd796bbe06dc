"""Which runner runs which verb, and what the timeline is told of it."""

from offhook.interpreter.echo import echo
from offhook.interpreter.gather import gather
from offhook.interpreter.hangup import hangup
from offhook.interpreter.noted_verb import breaking_words, outcome_words, verb_facts
from offhook.interpreter.pause import pause
from offhook.interpreter.play import play
from offhook.interpreter.redirect import redirect
from offhook.interpreter.reject import reject
from offhook.interpreter.say import say
from offhook.interpreter.scene import Scene
from offhook.verbs import Echo, Gather, Hangup, Outcome, Pause, Play, Redirect, Reject, Say, Verb


async def run_verb(verb: Verb, scene: Scene) -> Outcome:
    """Run one verb to its end. Raises CallEnded, CustomerError, ProviderError."""
    note, facts = scene.call.timeline.note, verb_facts(verb)
    note("verb", **facts)
    try:
        outcome = await _run(verb, scene)
    except BaseException as error:
        note("verb_over", verb=facts["verb"], outcome=breaking_words(error))
        raise
    note("verb_over", verb=facts["verb"], outcome=outcome_words(outcome))
    return outcome


async def _run(verb: Verb, scene: Scene) -> Outcome:
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
