"""`planner report`: a plan as one page, its figures those of the plan's tables; and the same figures from Python."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from commandline import Run, decision
from sheets import Tables, workbook

import planner

pytest.importorskip("plotly", reason="the extra html is not installed")
HOSTILE = "</script><script>document.title='owned'</script>"
BROWSER = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome", "chrome"))), "")
SCENARIOS: Tables = {
    "scenarios": [{"scenario": "plain", "probability": 0.75}, {"scenario": "<b>boom</b>", "probability": 0.25}],
    "scenario_factors": [
        {"scenario": "<b>boom</b>", "quantity": "demand", "name": "*", "from_month": "2026-05", "value": 2}
    ],
}


def hostile(**changes: Any) -> Tables:
    """A decision among offers whose provider is called something that a careless page would run."""
    tables = decision(**changes)
    tables["leases"][0]["provider"] = HOSTILE
    return tables


def uncertain() -> Tables:
    terms = [{"lease": "L", "term_months": 6, "usd_per_accelerator_hour": 2}]
    return hostile(
        **SCENARIOS, settings={"first_month": "2026-01", "months": 12, "first_stage_months": 3}, lease_terms=terms
    )


def data_of(page: str) -> list[dict[str, Any]]:
    """The figures in a page, by view and name."""
    found: list[dict[str, Any]] = json.loads(re.search(r'id="data">(.*?)</script>', page, re.DOTALL)[1])  # type: ignore[index]
    return found


def column(plan: Path, sheet: str, *names: str) -> list[tuple[Any, ...]]:
    """Columns of a sheet of a plan workbook."""
    rows = openpyxl.load_workbook(plan, data_only=True)[sheet].iter_rows(values_only=True)
    head = next(rows)
    return [tuple(row[head.index(name)] for name in names) for row in rows]


class Loads(HTMLParser):
    """What a page would fetch."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        fetching = {"src", "href"} if tag != "a" else set()
        self.found += [value or "" for name, value in attrs if name in fetching]


def test_page(here: Run, tmp_path: Path) -> None:
    """The page holds the figures of the plan's tables, loads nothing, and no name of the workbook can end its data."""
    workbook(tmp_path / "w.xlsx", hostile())
    assert here("solve", "w.xlsx", "-o", "plan.xlsx", "--quiet").code == 0
    assert here("report", "plan.xlsx", "-o", "plan.html").code == 0
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    loads = Loads()
    loads.feed(page)
    assert loads.found == []
    assert HOSTILE not in page
    (figures,) = data_of(page)
    assert list(figures) == ["capacity", "power", "cash", "providers", "lock_in", "timeline", "service"]
    by_category: dict[str, float] = {}
    for category, usd in column(tmp_path / "plan.xlsx", "Spend", "category", "cash_usd"):
        by_category[category.replace("_", " ")] = by_category.get(category.replace("_", " "), 0.0) + usd
    drawn = {each["name"]: sum(_numbers(each["y"])) for each in figures["cash"]["data"]}
    assert drawn == pytest.approx({name: usd for name, usd in by_category.items() if usd})
    assert any("&lt;/script&gt;" in each["name"] for each in figures["providers"]["data"])


def test_scenarios(here: Run, tmp_path: Path) -> None:
    """A plan for scenarios is shown as expected and by scenario; what is expected is weighted by probability."""
    workbook(tmp_path / "w.xlsx", uncertain())
    assert here("solve", "w.xlsx", "-o", "plan.xlsx", "--quiet").code == 0
    assert here("report", "plan.xlsx").code == 0
    expected, *each = data_of((tmp_path / "plan.html").read_text(encoding="utf-8"))
    served = [sum(sum(_numbers(bar["y"])) for bar in view["cash"]["data"]) for view in (expected, *each)]
    assert served[0] == pytest.approx(0.75 * served[1] + 0.25 * served[2])
    assert served[1] != pytest.approx(served[2])
    assert "scenarios" in expected


def test_from_python(tmp_path: Path) -> None:
    """`Result.plot` draws what the page of the written plan shows, and refuses a figure that there is none of."""
    result = planner.solve(planner.read(workbook(tmp_path / "w.xlsx", hostile())))
    page = result.to_html(tmp_path / "plan.html").read_text(encoding="utf-8")
    (figures,) = data_of(page)
    for name, figure in figures.items():
        assert json.loads(result.plot(name).to_json())["data"] == figure["data"]
    with pytest.raises(planner.WrongUsage, match="no figure 'scenarios'"):
        result.plot("scenarios")


def test_refused(here: Run, small: Path, tmp_path: Path) -> None:
    """A problem is no plan, a page has its own ending, and a file that is there is kept."""
    assert here("report", small).code == 2
    assert here("solve", small, "-o", "plan.xlsx", "--quiet").code == 0
    assert here("report", "plan.xlsx", "-o", "plan.xlsx").code == 2
    (tmp_path / "plan.html").write_text("mine", encoding="utf-8")
    said = here("report", "plan.xlsx")
    assert said.code == 7
    assert "--force" in said.err
    assert (tmp_path / "plan.html").read_text(encoding="utf-8") == "mine"


def test_damaged(here: Run, small: Path, tmp_path: Path) -> None:
    """A plan without a column that its page needs is refused in words; without the table of a figure it has others."""
    assert here("solve", small, "-o", "plan.xlsx", "--quiet").code == 0
    for sheet, code in (("Decisions", 2), ("Monthly", 0)):
        book = openpyxl.load_workbook(tmp_path / "plan.xlsx")
        book[sheet]["A1"] = "other"
        book.save(tmp_path / "damaged.xlsx")
        said = here("report", "damaged.xlsx", "--force")
        assert said.code == code
        assert code == 0 or f"no sheet {sheet} with the columns" in said.err + said.out
    (figures,) = data_of((tmp_path / "damaged.html").read_text(encoding="utf-8"))
    assert "capacity" not in figures
    assert "cash" in figures


@pytest.mark.slow
@pytest.mark.skipif(not BROWSER, reason="no headless browser here: the page is not looked at")
def test_in_a_browser(here: Run, tmp_path: Path) -> None:
    """Without a network a browser draws all figures and rows, and another view when chosen; no name is run."""
    workbook(tmp_path / "w.xlsx", uncertain())
    assert here("solve", "w.xlsx", "-o", "plan.xlsx", "--quiet").code == 0
    assert here("report", "plan.xlsx").code == 0
    page = (tmp_path / "plan.html").read_text(encoding="utf-8")
    choose = "<script>choice.selectedIndex = 2; choice.onchange(); document.body.dataset.chosen = choice.value</script>"
    (tmp_path / "chosen.html").write_text(page.replace("</body>", f"{choose}</body>"), encoding="utf-8")
    count = len(data_of(page)[0])
    for name in ("plan.html", "chosen.html"):
        shown = _dom(tmp_path / name)
        assert len(re.findall(r'class="[^"]*js-plotly-plot', shown)) == count
        assert "<title>owned" not in shown
        assert "<tr hidden" not in shown
        assert 'data-title="Download plot as a PNG"' in shown
        assert 'data-title="Share' not in shown
    assert 'data-chosen="&lt;b&gt;boom&lt;/b&gt;"' in shown
    assert "&lt;b&gt;boom&lt;/b&gt;" in re.sub(r"<script.*?</script>", "", shown, flags=re.DOTALL)


def _dom(page: Path) -> str:
    """What a browser makes of a page."""
    words = ("--headless=new", "--no-sandbox", "--disable-gpu", "--virtual-time-budget=5000", "--dump-dom")
    home = f"--user-data-dir={page.parent / 'browser'}"
    offline = "--host-resolver-rules=MAP * ~NOTFOUND"
    done = subprocess.run(
        [BROWSER, *words, home, offline, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
    )
    return done.stdout


def _numbers(values: Any) -> list[float]:
    """The numbers of a series, which plotly may have packed."""
    if isinstance(values, dict):
        import base64

        import numpy as np

        return [float(each) for each in np.frombuffer(base64.b64decode(values["bdata"]), values["dtype"])]
    return [float(each) for each in values]


def test_what_a_plan_came_to_on_samples_is_shown(here: Run, tmp_path: Path) -> None:
    """The page and `Result.plot` of a plan solved with --stress show cost on samples and how likely rules fail."""
    caps = [{"cap": "cash", "measure": "cash_usd", "sense": "max", "value": 1e12}]
    problem = workbook(tmp_path / "w.xlsx", hostile(caps=caps))
    assert here("solve", problem, "--stress", 5, "-o", "p.xlsx", "--quiet").code == 0
    told = json.loads((tmp_path / "p.run.json").read_text())["stress"]
    assert here("report", "p.xlsx").code == 0
    (figures,) = data_of((tmp_path / "p.html").read_text(encoding="utf-8"))
    costs, own = figures["samples"]["data"]
    assert _numbers(costs["y"]) == pytest.approx([each["value"] for each in told["cost_usd"].values()])
    assert _numbers(own["y"]) == pytest.approx([told["forecast_usd"]] * 3)
    (chances,) = figures["failures"]["data"]
    assert "cap cash fails" in chances["y"]
    drawn = planner.solve(planner.read(problem), stress=5).plot("samples")
    assert list(drawn.data[0].y) == pytest.approx(_numbers(costs["y"]))
