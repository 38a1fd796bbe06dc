"""How well the embedded recogniser understands what is on a menu, and how often it takes what is not for something on it.

    python -m bench.speech.menus [--rounds 7] [--results bench/results]

Each round is 48 utterances in three conditions, of voices and phrases that nothing was tuned on. Ends with status 1 where a
goal is missed.
"""

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

from bench.load.report import Goal, Report, keep, show
from bench.speech.corpus import Utterance, audio, test, tuning
from bench.speech.line import Condition
from offhook.speech.pcm import FRAME_BYTES, SAMPLE_RATE_HZ
from offhook.vendors.embedded import espeak
from offhook.vendors.embedded.grammar import read_menu
from offhook.vendors.embedded.recogniser_service import SPELLING_VOICE
from offhook.vendors.embedded.sphinx import Sphinx

RIGHT_SHARE = 90.0
ACCEPTED_SHARE = 15.0
RESULTS = Path(__file__).parents[1] / "results"


class Tally:
    """What became of the utterances of one condition."""

    def __init__(self) -> None:
        self.counts: Counter[str] = Counter()

    def take(self, utterance: Utterance, text: str | None) -> None:
        """Count one more."""
        if utterance.expected is None:
            self.counts["off"] += 1
            self.counts["accepted"] += text is not None
        else:
            self.counts["on"] += 1
            self.counts["right"] += text == utterance.expected
            self.counts["wrong"] += text is not None and text != utterance.expected

    def share(self, what: str, of: str) -> float:
        """In percent."""
        return 100 * self.counts[what] / max(1, self.counts[of])


def bench(rounds: int, *, on_tuning: bool = False) -> Report:
    """Measure, condition by condition."""
    sphinx = Sphinx(most=1, spell=lambda word: espeak.load().sounds(word, SPELLING_VOICE))
    tallies = {condition: Tally() for condition in Condition}
    spent_s = heard_s = 0.0
    for seed, utterance in enumerate((tuning if on_tuning else test)(rounds)):
        for condition, tally in tallies.items():
            pcm = audio(utterance, condition, seed=seed)
            began = time.process_time()
            tally.take(utterance, _heard(sphinx, utterance, pcm))
            spent_s += time.process_time() - began
            heard_s += len(pcm) / (2 * SAMPLE_RATE_HZ)
    return _report(tallies, spent_s / heard_s, "tuning" if on_tuning else "test")


def _heard(sphinx: Sphinx, utterance: Utterance, pcm: bytes) -> str | None:
    with sphinx.hear_menu(read_menu(utterance.menu)) as hearing:
        for start in range(0, len(pcm), FRAME_BYTES):
            hearing.hear(pcm[start : start + FRAME_BYTES])
        understood = hearing.finish()
    return understood.text if understood is not None else None


def _report(tallies: dict[Condition, Tally], real_time_factor: float, callers: str) -> Report:
    report = Report(
        name="menus",
        title=f"embedded recognition of menus, callers of the {callers} set",
        columns=("line", "on the menu", "right %", "another hint %", "off the menu", "accepted %"),
        notes=[f"real-time factor {real_time_factor:.3f} of one core; callers are synthetic"],
    )
    for condition, tally in tallies.items():
        right, accepted = tally.share("right", "on"), tally.share("accepted", "off")
        on, off = tally.counts["on"], tally.counts["off"]
        wrong = tally.share("wrong", "on")
        report.rows.append((condition, str(on), f"{right:.1f}", f"{wrong:.1f}", str(off), f"{accepted:.1f}"))
        report.figures.append({"condition": str(condition), **tally.counts})
        report.goals += [
            Goal(f"right, {condition}", right, least=RIGHT_SHARE, unit="%"),
            Goal(f"accepted off the menu, {condition}", accepted, most=ACCEPTED_SHARE, unit="%"),
        ]
    report.figures.append({"real_time_factor": real_time_factor})
    return report


def main() -> int:
    """Measure and show; 1 where a goal was missed."""
    parser = argparse.ArgumentParser(prog="python -m bench.speech.menus", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="48 utterances each (7)")
    parser.add_argument("--tuning", action="store_true", help="the set to tune on, in place of the test set")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the figures (bench/results)")
    asked = parser.parse_args()
    if not 1 <= asked.rounds <= 100:
        parser.error("--rounds takes 1 to 100")
    report = bench(asked.rounds, on_tuning=asked.tuning)
    show(report)
    print(keep(report, asked.results))
    return 0 if report.is_met else 1


if __name__ == "__main__":
    sys.exit(main())
