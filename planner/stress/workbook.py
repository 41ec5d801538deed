"""The sheet of a stress test to read first: expected cost with its interval, distribution, worst samples, shortfall."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from models import months
from models.dataset import Dataset
from models.stochastic.estimates import SampleEstimate
from planner.excel.book import GREY, HEAD, HEADER, LINE, ORANGE, RED, WHITE, Book
from planner.excel.report_page import Drawing, Page, Picture, Section, heads, report_workbook
from planner.files.outputs import STRESS_SHEET
from planner.formatting import money_scale, over, percent
from planner.stress.statistics import CostFigures, ShortPlace, StressFigures
from planner.stress.summary import MEANING, StressReport, headline, special
from planner.stress.tables import tables

TOP = 10
"""So many places of shortfall, and decisions held, are on the page."""


def stress_workbook(report: StressReport) -> bytes:
    """The workbook of a stress test."""
    return report_workbook(
        report.dataset, _Page(report).page(), tables(report), [heat_map(report.dataset, report.figures)]
    )


class _Page:
    """The page under way; money in millions or billions, as its figures ask for."""

    def __init__(self, report: StressReport) -> None:
        self.report, self.found = report, report.figures
        most = None if self.found.cost is None else self.found.cost.most
        self.size, word = money_scale((report.commitment.forecast_usd, most))
        self.unit = f"{report.currency} {word}".strip()

    def page(self) -> Page:
        report, dataset = self.report, self.report.dataset
        months = f"{dataset.label(0)} to {dataset.label(len(dataset.horizon) - 1)}"
        sections = (
            self._cost(),
            self._meaning(),
            self._spread(),
            self._worst(),
            self._places(),
            *self._counted(),
            self._held(),
        )
        return Page(
            STRESS_SHEET,
            f"Stress test: {report.plan_name}",
            f"{months} · {report.trial.samples.how} · money in {report.currency}, present value",
            headline(report),
            report.tone,
            sections,
        )

    def _meaning(self) -> Section:
        return Section("How to read this", (), (), " ".join((MEANING[self.report.later], *self.report.notes)))

    def _row(self, words: str, estimate: SampleEstimate, proven: bool = True) -> tuple[Any, ...]:
        """A figure with its interval; no value where searches left it open."""
        value = estimate.value if proven else None
        beyond = None if value is None else value - self.report.commitment.forecast_usd
        return words, *(over(usd, self.size) for usd in (value, estimate.low, estimate.high, beyond))

    def _cost(self) -> Section:
        rows = [self._row("The plan's own forecast", SampleEstimate(self.report.commitment.forecast_usd))]
        if self.found.cost is not None:
            rows += self._figures(self.found.cost)
        if self.found.cost_beyond is not None:
            beyond = self.found.cost_beyond
            rows.append(self._row(f"Expected, caps dropped ({beyond.count:,})", beyond.expected, beyond.proven))
        proven = self.found.cost is None or self.found.cost.proven
        unproven = " Some were not proven within the gap: ranges reach down to what their bounds prove."
        return Section(
            "What it costs",
            heads("Figure:text", f"{self.unit}:money", "At least:money", "At most:money", "Over forecast:money"),
            rows,
            "Between 'at least' and 'at most' with 95 % confidence: Student's t for the mean, else the bootstrap. "
            f"Over the samples with a plan that keeps every rule.{'' if proven else unproven}",
        )

    def _figures(self, cost: CostFigures) -> list[tuple[Any, ...]]:
        alpha = self.report.dataset.settings.risk_alpha
        told = {
            "Expected cost": cost.expected,
            **{f"{percent(level)} of samples cost at most": each for level, each in cost.quantiles.items()},
            f"Mean of the worst {percent(1.0 - alpha)} (CVaR)": cost.cvar,
            "Cheapest sample": SampleEstimate(cost.least, high=None if cost.proven else cost.least),
            "Most expensive sample": SampleEstimate(cost.most, high=None if cost.proven else cost.most),
        }
        rows = [self._row(words, each, cost.proven) for words, each in told.items()]
        spread = cost.deviation / self.size if cost.proven else None
        return [*rows, ("Standard deviation", spread, None, None, None)]

    def _spread(self) -> Section:
        bins, rows = self.found.bins, []
        for each in bins:
            above = (each.above.value, each.above.low or 0.0, each.above.high or 0.0)
            reach = f"{self._shown(each.low_usd)} to {self._shown(each.high_usd)}"
            rows.append((reach, each.samples, *(100.0 * share for share in above), each.high_usd / self.size))
        several = len(bins) > 1
        counted = Picture(f"Samples by cost, {self.unit}", (1,), width=640)
        words = f"Probability of a cost above, %; {self.unit}"
        forecast = ("The plan's own forecast", self.report.commitment.forecast_usd / self.size)
        exceeded = Picture(words, (2, 3, 4), "curve", "0", 640, x=5, x_format="#,##0.0", mark=forecast)
        return Section(
            "How the cost is distributed, and how likely it is to cost more",
            heads(
                f"Cost, {self.unit}:text",
                "Samples:whole",
                "More, %:amount",
                "At least, %:amount",
                "At most, %:amount",
                f"Upper end, {self.unit}:money",
            ),
            rows,
            "Of the plans found. 'More' is the probability that the cost is above the upper end.",
            pictures=(*([counted] if several else ()), exceeded),
            if_empty="No sample has a plan that keeps every rule.",
        )

    def _shown(self, usd: float) -> str:
        """With the digits that tell the ends of a bin apart."""
        width = (self.found.bins[-1].high_usd - self.found.bins[0].low_usd) / self.size / len(self.found.bins)
        digits = max(0, 1 - math.floor(math.log10(width))) if width > 0.0 else 2
        return f"{usd / self.size:,.{digits}f}"

    def _worst(self) -> Section:
        results = self.report.trial.results
        columns = heads(
            "Sample:text",
            f"{self.unit}:money",
            "Over forecast:money",
            "Shortfall cost:money",
            "Months short:whole",
            ":text",
            "What is special about it:text",
        )
        rows = [
            (
                f"Sample {i + 1}",
                results[i].cost_usd / self.size,
                (results[i].cost_usd - self.report.commitment.forecast_usd) / self.size,
                results[i].shortfall_usd / self.size,
                len({month for _, month, _ in results[i].short}),
                "",
                special(self.report, i),
            )
            for i in self.found.worst
        ]
        empty = "No sample has a plan that keeps every rule."
        return Section("The most expensive samples", columns, rows, if_empty=empty)

    def _places(self) -> Section:
        label = self.report.dataset.label

        def rank(each: ShortPlace) -> tuple[float, ...]:
            return -each.probability.value, -each.mean_bn_per_day, each.month

        top = sorted((each for each in self.found.places if each.times), key=rank)[:TOP]
        return Section(
            "Where demand falls short most often",
            heads(
                "Segment and month:text",
                "Probability, %:amount",
                "At least:amount",
                "At most:amount",
                "Mean, bn/day:amount",
                "Worst, bn/day:amount",
            ),
            [
                (
                    f"{each.segment}, {label(each.month)}",
                    100.0 * each.probability.value,
                    100.0 * (each.probability.low or 0.0),
                    100.0 * (each.probability.high or 0.0),
                    each.mean_bn_per_day,
                    each.worst_bn_per_day,
                )
                for each in top
            ],
            "All segments and months are in the sheet 'Shortfall risk'.",
            if_empty="Nowhere in any sample.",
        )

    def _counted(self) -> Iterator[Section]:
        """Caps that could not be kept and commitments that could not be taken, where there are any."""
        columns = heads("Name:text", "Samples:whole", "Of all, %:amount")
        for title, counted in (
            ("Caps that cannot be kept", self.found.caps),
            ("Commitments that cannot be taken because their supplier has left", self.found.unavailable),
        ):
            rows = [(name, count, 100.0 * count / self.found.finished) for name, count in counted]
            if rows:
                yield Section(title, columns, rows)

    def _held(self) -> Section:
        commitment, label = self.report.commitment, self.report.dataset.label
        signings = [each for each in commitment.plan.signings if not each.signed and each.month < commitment.until]
        rows: list[tuple[Any, ...]] = [(each.name, each.units, label(each.month)) for each in signings]
        rows += [(each.name, 1, label(each.month)) for each in commitment.plan.options if each.month < commitment.until]
        more = f" and {len(rows) - TOP} more" if len(rows) > TOP else ""
        until = "all months" if self.report.later == "held" else f"before {label(commitment.until)}"
        return Section(
            "What is held",
            heads("Signed or bought:text", "Units:whole", "In:text"),
            rows[:TOP],
            f"Decisions of {until}{more}; ends of service and usage limits decided by then too.",
            if_empty="Nothing is signed by then.",
        )


SHEET = "Shortfall risk"
PERCENT = '0%;-0%;"–"'


def heat_map(dataset: Dataset, found: StressFigures) -> Drawing:
    """Three maps below each other: the probability, at least, at most."""
    return Drawing(
        SHEET, "probability of shortfall by segment and month, as a map", lambda book, sheet: _draw(book, sheet, found)
    )


def _draw(book: Book, sheet: Any, found: StressFigures) -> None:
    names = list(dict.fromkeys(each.segment for each in found.places))
    sheet.hide_gridlines(2)
    sheet.set_column(0, 0, max(map(len, ("Probability", *names))) * 1.1 + 4.0)
    sheet.set_column(1, max(1, len(book.dataset.horizon)), 5.6)
    sheet.write_string(
        0, 0, "How likely each segment is to fall short", book.format(bold=True, font_size=16, font_color=HEADER)
    )
    note = (
        f"Share of the {found.with_plan:,} samples with a plan in which some of the segment's demand of the month is "
        "not served; a dash is none. Its 95 % interval (Wilson) lies below."
    )
    sheet.write_string(1, 0, note, book.format(italic=True, font_color=GREY))
    row = 3
    for title, which in (("Probability", "value"), ("At least", "low"), ("At most", "high")):
        row = _map(book, sheet, row, title, names, found.places, which)
    sheet.freeze_panes(0, 1)


def _map(
    book: Book, sheet: Any, row: int, title: str, names: list[str], places: tuple[ShortPlace, ...], which: str
) -> int:
    """One map; the row after it."""
    head = book.format(**HEAD, indent=1)
    sheet.write_string(row, 0, title, head)
    dates = book.format(**HEAD, num_format="yyyy-mm", rotation=90)
    for t in book.dataset.horizon:
        sheet.write_datetime(row, 1 + t, months.first_day(book.dataset.month(t)), dates)
    sheet.set_row(row, 52)
    cell = book.format(num_format=PERCENT, align="center", font_size=8, border=1, border_color=LINE)
    for r, name in enumerate(names, start=row + 1):
        sheet.write_string(r, 0, name, book.format(indent=1))
        for each in places:
            if each.segment == name:
                sheet.write_number(r, 1 + each.month, getattr(each.probability, which) or 0.0, cell)
    last = row + len(names)
    scale = {
        "type": "3_color_scale",
        "min_type": "num",
        "mid_type": "num",
        "max_type": "num",
        "min_value": 0,
        "mid_value": 0.3,
        "max_value": 1,
        "min_color": WHITE,
        "mid_color": ORANGE,
        "max_color": RED,
    }
    if names:
        sheet.conditional_format(row + 1, 1, last, len(book.dataset.horizon), scale)
    return last + 2
