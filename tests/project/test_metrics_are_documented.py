"""The dashboard asks for metrics that there are, and the page of metrics names each of them."""

import json
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
SUFFIXES = re.compile("_(total|bucket|count|sum)$")


def names_in(text: str) -> set[str]:
    """The names of metrics in a text, without what Prometheus appends."""
    return {SUFFIXES.sub("", name) for name in re.findall(r"offhook_[a-z_]+[a-z]", text)}


def made() -> set[str]:
    """The names of all metrics that the source makes."""
    metric = re.compile(r'(?:counter|histogram|gauge|_gauge|CounterMetricFamily)\(\s*"(offhook_[a-z_]+)"')
    sources = (ROOT / "src" / "offhook").rglob("*.py")
    return {name for source in sources for name in metric.findall(source.read_text(encoding="utf-8"))}


def test_every_metric_is_on_the_page_and_no_other() -> None:
    table = "\n".join(line for line in PAGE.splitlines() if line.startswith("| `offhook_"))
    assert names_in(table) == made()
    assert len(made()) >= 25


def test_what_the_page_and_the_dashboard_ask_for_is_there() -> None:
    panels = json.loads((ROOT / "examples" / "grafana-dashboard.json").read_text(encoding="utf-8"))["panels"]
    asked = names_in("\n".join(target["expr"] for panel in panels for target in panel["targets"]))
    assert asked
    assert asked | names_in(PAGE) <= made()
