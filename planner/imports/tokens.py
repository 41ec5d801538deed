"""Counted tokens as rows of `history` and `demand`: a mean rate by segment, region and month."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from typing import Any

import pandas as pd

from models import months
from models.dataset import Dataset
from models.schema import SHEETS, Demand, History
from planner.errors import WrongUsage
from planner.imports.copy import Rows
from planner.imports.source import ImportRequest, Records, few, numbers, read_source, times

FIELDS = {
    "time": ("month", "time", "timestamp", "date", "TimeUnix", "start_time"),
    "name": ("segment", "model", "model_name", "gen_ai.response.model", "gen_ai.request.model"),
    "region": ("region",),
    "tokens": (
        *("tokens", "gen_ai.usage.input_tokens+gen_ai.usage.output_tokens", "prompt_tokens+generation_tokens"),
        *("prompt_tokens+completion_tokens", "input_tokens+output_tokens", "value", "sum"),
    ),
}
"""What is read of a CSV file, with the headings it may have."""
DAY = pd.Timedelta(days=1)
LEAST = 0.5
"""Days of a month that have to be counted, for its mean to say something."""
_DAYS = re.compile(r"\d{4}-\d\d?-(?!0?1$)\d\d?")
"""Texts of days that begin no month: where there are any, records are of days."""


def imported(request: ImportRequest, dataset: Dataset) -> Rows:
    """The rows that counted tokens make.

    All months go into `history`; those inside the horizon and the last one before it into `demand` too, in the place
    of what is there. Of a month that is counted in part the mean is of that part.

    Raises
    ------
    WrongUsage
        The file does not say what is needed, or names what the workbook does not have.
    """
    counted, source = _by_month(request)
    counted = _named(request, dataset, counted)
    told = [
        f"{_label(each.month)}: {each.days:.3g} of {each.whole} days are counted; the mean is of these"
        for each in counted.drop_duplicates("month").itertuples()
        if each.days < each.whole - 1e-6
    ]
    rows = Rows(not_read=source.unread)
    seen = {each.month for each in counted.itertuples()}
    before = [month for month in seen if month < dataset.month(0)]
    wanted = {month for month in seen if month >= dataset.month(0)} | set(before and [max(before)])
    without: set[str] = set()
    for each in counted.itertuples():
        rate = each.tokens / each.days / 1e9
        rows.put(History(segment=each.name, region=each.region or None, month=each.month, tokens_bn_per_day=rate))
        region = each.region or _only_region(dataset, each.name)
        if each.month in wanted and each.month < dataset.month(len(dataset.horizon)):
            if region:
                rows.put(Demand(segment=each.name, region=region, month=each.month, tokens_bn_per_day=rate))
            else:
                without.add(each.name)
    if without:
        told.append(f"not in demand, whose rows have a region: {few(sorted(without))}; give --region, or a column")
    rows.told += told
    return rows


def _by_month(request: ImportRequest) -> tuple[pd.DataFrame, Records]:
    """Tokens by name, region and month number, with the days of the month that are counted."""
    if request.source.suffix.lower() == ".json":
        source = _of_prometheus(request)
        frame, running = source.frame, True
    else:
        source = read_source(request, FIELDS, ("time", "name", "tokens"))
        frame, running = source.frame, request.counter
        frame["tokens"] = numbers(request.source, frame["tokens"], "tokens").fillna(0.0)
        whole = [months.parse(each) for each in frame["time"]]
        if None not in whole and not any(map(_DAYS.fullmatch, frame["time"])):
            if running:
                raise WrongUsage("--counter: running totals have times, not months.")
            return _whole_months(frame.assign(month=whole)), source
        frame["time"] = times(request.source, frame["time"], "time")
        if running:  # the other columns tell counters apart
            frame = pd.concat([frame, source.rest.add_prefix("label ")], axis=1)
            source = Records(frame, source.rest[[]])
    if frame.empty:
        raise WrongUsage(f"{request.source} has no records.")
    if "region" not in frame:
        frame["region"] = ""
    spans = frame.groupby(["name", "region"])["time"].agg(["min", "max"])
    if running:
        frame = _increases(frame)
    else:
        spans = spans.apply(lambda each: each.dt.floor("D"))
        spans["max"] += DAY
    frame["month"] = _month_numbers(frame["time"])
    counted = frame.groupby(["name", "region", "month"], as_index=False)["tokens"].sum()
    counted["whole"] = [_days(each) for each in counted["month"]]
    counted["days"] = [_overlap(spans.loc[(each.name, each.region)], each.month) for each in counted.itertuples()]
    return counted[counted["days"] >= LEAST], source


def _whole_months(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame if "region" in frame else frame.assign(region="")
    counted = frame.groupby(["name", "region", "month"], as_index=False)["tokens"].sum()
    days = [_days(each) for each in counted["month"]]
    return counted.assign(whole=days, days=days)


def _increases(frame: pd.DataFrame) -> pd.DataFrame:
    """What running totals grow by from each time to the next, told at the earlier one; a total that fell began anew.

    What crosses the end of a month is shared by time.
    """
    labels = [each for each in frame.columns if each not in ("time", "tokens")]
    ordered = frame.sort_values("time", kind="stable")
    grouped = ordered.groupby(labels, dropna=False, sort=False)
    before, end = grouped["tokens"].shift(), ordered["time"]
    grown = (ordered["tokens"] - before).where(ordered["tokens"] >= before, ordered["tokens"])
    steps = ordered.assign(tokens=grown, time=grouped["time"].shift(), end=end)[before.notna()]
    crosses = _month_numbers(steps["time"]) != _month_numbers(steps["end"] - pd.Timedelta(1, "us"))
    parts = [part for step in steps[crosses].to_dict("records") for part in _shared(step)]
    shared = pd.DataFrame(parts, columns=steps.columns).astype(steps.dtypes)
    return pd.concat([steps[~crosses], shared], ignore_index=True)


def _shared(step: dict[str, Any]) -> list[dict[str, Any]]:
    """A step that crosses ends of months, a part a month."""
    begin, end = step["time"], step["end"]
    inside = pd.date_range(begin, end, freq="MS", normalize=True, inclusive="right")
    cuts = [begin, *(each for each in inside if begin < each < end), end]
    whole = (end - begin) / DAY
    return [
        step | {"time": one, "end": next_one, "tokens": step["tokens"] * ((next_one - one) / DAY) / whole}
        for one, next_one in pairwise(cuts)
    ]


def _of_prometheus(request: ImportRequest) -> Records:
    """The counters of tokens in what Prometheus answers to query_range, a row a sample."""
    path = request.source
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        series = document["data"]["result"]
        kind = document["data"]["resultType"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise WrongUsage(f"{path} is not what Prometheus answers to query_range: {error!r}") from None
    counters = [each for each in series if str(each["metric"].get("__name__", "")).endswith("tokens_total")]
    if kind != "matrix" or not counters:
        raise WrongUsage(
            f"{path} has no counter of tokens over a range; export vllm:prompt_tokens_total and "
            "vllm:generation_tokens_total by query_range, without rate() or increase()."
        )
    label, where = request.columns.get("name", "model_name"), request.columns.get("region", "region")
    if missing := [each["metric"] for each in counters if label not in each["metric"]]:
        raise WrongUsage(
            f"{path}: a series has no label '{label}', but {few(list(missing[0]))}; use --column name=LABEL."
        )
    rows = [
        (
            pd.Timestamp(float(time), unit="s", tz="UTC"),
            float(value),
            each["metric"][label],
            each["metric"].get(where, ""),
            json.dumps(each["metric"], sort_keys=True),
        )
        for each in counters
        for time, value in each["values"]
    ]
    others = {str(each["metric"].get("__name__", "a series without a name")) for each in series if each not in counters}
    columns = ["time", "tokens", "name", "region", "series"]
    return Records(pd.DataFrame(rows, columns=columns), pd.DataFrame(columns=sorted(others)))


def _named(request: ImportRequest, dataset: Dataset, counted: pd.DataFrame) -> pd.DataFrame:
    """The counts by segments of the workbook."""
    known = {each.segment for each in dataset.segments}
    names, regions = request.renamed(counted["name"]), request.renamed(counted["region"])
    if unknown := sorted(set(names) - known - {""}):
        raise WrongUsage(
            f"{request.input_path} has no segment {few(unknown)}; it has {few(sorted(known))}. Give --map NAME=SEGMENT "
            "for each, or --map NAME= to leave it out."
        )
    if request.region is not None:
        regions = regions.where(regions != "", request.region)
    kept = counted.assign(name=names, region=regions)[names != ""]
    summed = kept.groupby(["name", "region", "month"], as_index=False)
    return summed.agg(tokens=("tokens", "sum"), days=("days", "max"), whole=("whole", "max"))


def _only_region(dataset: Dataset, segment: str) -> str:
    """The region of a segment's demand, or where it has none yet that of all the workbook, where there is one only."""
    regions = {each.region for each in dataset.demand if each.segment == segment}
    if not regions:
        every = (getattr(row, "region", None) for sheet in SHEETS for row in dataset.rows(sheet.name))
        regions = {region for region in every if region}
    return regions.pop() if len(regions) == 1 else ""


def _days(month: int) -> int:
    return months.hours(month) // 24


def _month_numbers(when: pd.Series[pd.Timestamp]) -> pd.Series[int]:
    return when.dt.year * 12 + when.dt.month - 1


def _overlap(span: pd.Series[pd.Timestamp], month: int) -> float:
    """Days of a month between two times."""
    begin, end = (pd.Timestamp(months.first_day(each), tz="UTC") for each in (month, month + 1))
    return max(0.0, float((min(span["max"], end) - max(span["min"], begin)) / DAY))


def _label(month: Any) -> str:
    return months.label(int(month))
