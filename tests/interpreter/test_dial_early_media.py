"""What a caller hears of the called side before it answers."""

from tests.interpreter.dialling import ANN, BOB, dialling

EARLY = ("1.0 rings aloud", "1.5 says 0.5", "3.0 answers", "4.0 says 0.5", "6.0 hangs up")


async def test_the_caller_hears_it_in_place_of_the_ringing_tone_and_is_not_heard() -> None:
    seen = await dialling(f"<Dial>{ANN}</Dial>", {ANN: EARLY}, "2.0 says 0.5")
    assert seen.call.heard[:6] == [
        "0.0 ringing starts",
        "1.0 ringing stops",
        "1.5 +15550101 starts",
        "2.0 +15550101 ends",
        "4.0 +15550101 starts",
        "4.5 +15550101 ends",
    ]
    assert seen.legs.to(ANN).heard == []


async def test_an_announcement_before_a_refusal_is_heard() -> None:
    seen = await dialling(
        f'<Dial action="dialled">{ANN}</Dial>',
        {ANN: ("0.5 rings aloud", "1.0 says 1.5", "3.0 refuses 404")},
    )
    assert seen.call.heard[1:4] == ["0.5 ringing stops", "1.0 +15550101 starts", "2.5 +15550101 ends"]
    assert seen.told["DialSipResponseCode"] == "404"


async def test_who_is_called_with_others_is_not_heard_before_the_answer() -> None:
    seen = await dialling(
        f"<Dial><Number>{ANN}</Number><Number>{BOB}</Number></Dial>",
        {ANN: EARLY, BOB: ("1.0 rings",)},
    )
    assert seen.call.heard[:3] == ["0.0 ringing starts", "3.0 ringing stops", "4.0 +15550101 starts"]


async def test_the_tone_comes_back_while_whoever_answered_is_asked() -> None:
    page = "<Response><Say>press one</Say></Response>"
    seen = await dialling(
        f'<Dial><Number url="screen">{ANN}</Number></Dial>',
        {ANN: ("1.0 rings aloud", "2.0 answers", "9.0 hangs up")},
        screen=page,
    )
    assert seen.call.heard[:4] == [
        "0.0 ringing starts",
        "1.0 ringing stops",
        "2.0 ringing starts",
        "2.9 ringing stops",
    ]
