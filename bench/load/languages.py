"""W7, the menu call of W1 in another language: what reading, writing and telling in Vobiz XML cost beside RCML.

Both applications are told of the end: RCML's by its StatusCallback (three requests a call), Vobiz' by its hangup URL
(one), which every application of that language has.
"""

from dataclasses import asdict, replace
from statistics import median

import httpx2
from tests.system.server import ACCOUNT_SID, TOKEN, Server

from bench.load import contenders
from bench.load.contenders import Contender, Stage
from bench.load.menu import FIXED_RATE, MenuRun, run_menu
from bench.load.report import Goal, Report

VOBIZ_NUMBER = "77100"
MOST = 1.1


def bench(around: Stage, *, seconds: float = 8.0, rounds: int = 3, rate: float = FIXED_RATE) -> Report:
    """The whole of W7. The worker is measured alone, too: there the call itself is."""
    report = Report(
        "w7",
        "IVR menu call in RCML and in Vobiz XML; CPU over all processes, and of the worker alone",
        ("language", "calls", "bad", "callbacks a call", "CPU ms a call", "worker's CPU ms a call"),
    )
    with contenders.offhook(around) as (whole, server):
        _attach(server, around.application.url)
        worker = replace(whole, roots=tuple(whole.workers()))
        users = {
            "RCML": contenders.MENU,
            "RCML + StatusCallback": contenders.MENU_WITH_STATUS,
            "Vobiz XML": VOBIZ_NUMBER,
        }
        for user in users.values():  # whoever is first pays for caches and pools
            run_menu(around, whole, rate, 2.0, user=user)
        runs: dict[str, list[tuple[MenuRun, MenuRun]]] = {language: [] for language in users}
        for _ in range(rounds):
            for language, user in users.items():
                runs[language].append(_run(around, whole, worker, rate, seconds, user))
    for language, pairs in runs.items():
        report.rows.append(_row(language, pairs))
        report.figures += [{**asdict(run), "language": language} for pair in pairs for run in pair]
    cpu = {language: _middle(pairs) for language, pairs in runs.items()}
    report.goals += [
        Goal(
            "W7 Vobiz, times RCML with a StatusCallback",
            cpu["Vobiz XML"][0] / cpu["RCML + StatusCallback"][0],
            MOST,
        ),
        Goal("W7 the worker alone, times RCML", cpu["Vobiz XML"][1] / cpu["RCML"][1], MOST),
    ]
    return report


def _run(
    around: Stage, whole: Contender, worker: Contender, rate: float, seconds: float, user: str
) -> tuple[MenuRun, MenuRun]:
    return (
        run_menu(around, whole, rate, seconds, user=user),
        run_menu(around, worker, rate, seconds, user=user),
    )


def _middle(pairs: list[tuple[MenuRun, MenuRun]]) -> tuple[float, float]:
    whole, worker = zip(*pairs, strict=True)
    return median(run.cpu_ms_a_call for run in whole), median(run.cpu_ms_a_call for run in worker)


def _row(language: str, pairs: list[tuple[MenuRun, MenuRun]]) -> tuple[str, ...]:
    runs = [run for pair in pairs for run in pair]
    calls = sum(run.calls for run in runs)
    bad = sum(run.calls - min(run.succeeded, run.right_keys) for run in runs)
    whole, worker = _middle(pairs)
    told = sum(run.status_callbacks for run in runs) / calls
    return language, str(calls), str(bad), f"{told:.1f}", f"{whole:.2f}", f"{worker:.2f}"


def _attach(server: Server, application: str) -> None:
    """Have a number answered by an application in Vobiz XML, over that language's own REST."""
    with httpx2.Client(
        base_url=f"{server.url}/api/v1/Account/{ACCOUNT_SID}",
        headers={"X-Auth-ID": ACCOUNT_SID, "X-Auth-Token": TOKEN},
        trust_env=False,
    ) as client:
        urls = {"answer_url": f"{application}/vobiz.xml", "hangup_url": f"{application}/status"}
        made = client.post("/Application/", json={"app_name": "menu", **urls}).raise_for_status().json()
        attached = client.post(
            f"/numbers/{VOBIZ_NUMBER}/application", json={"application_id": made["app_id"]}
        )
        attached.raise_for_status()
