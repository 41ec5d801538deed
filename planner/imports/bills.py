"""Cloud bills in the form of FOCUS as rows of `spend_commitments`: what is promised, and what of it was spent."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from models import months
from models.dataset import Dataset
from models.schema import SpendCommitment
from planner.errors import WrongUsage
from planner.imports.copy import Rows
from planner.imports.source import ImportRequest, few, numbers, read_source, times

FIELDS = {
    "commitment": ("ContractCommitmentId",),
    "category": ("ContractCommitmentCategory",),
    "status": ("ContractCommitmentLifecycleStatus",),
    "usd": ("ContractCommitmentCost",),
    "from": ("ContractCommitmentPeriodStart",),
    "until": ("ContractCommitmentPeriodEnd",),
    "provider": ("ServiceProviderName", "ProviderName"),
    "currency": ("BillingCurrency",),
    "cost": ("BilledCost",),
    "time": ("ChargePeriodStart",),
    "charge": ("ChargeCategory",),
    "discount": ("CommitmentDiscountId",),
    "discount_category": ("CommitmentDiscountCategory",),
}
"""What is read of the data sets Contract Commitment (FOCUS 1.3) and Cost and Usage (1.0)."""
OVER = ("Proposed", "Expired", "Canceled", "Superseded")
"""The states of commitments that bind nobody."""
NOT_SPENT = ("Tax", "Credit")
"""The kinds of charges that no commitment counts."""


def imported(request: ImportRequest, dataset: Dataset) -> Rows:
    """The rows that commitments make, and what charges add up to in each commitment's period under way.

    Raises
    ------
    WrongUsage
        The file is neither, or does not say what is needed.
    """
    source = read_source(request, FIELDS)
    frame = source.frame
    _check_currency(request, dataset, frame)
    if "provider" not in frame:
        if request.provider is None:
            raise WrongUsage(f"{request.source} does not say whose services it is about; give --provider.")
        frame["provider"] = request.provider
    frame["provider"] = request.renamed(frame["provider"])
    rows = Rows(not_read=source.unread)
    if {"commitment", "usd", "from", "until"} <= set(frame):
        _promised(request, frame, rows)
    elif {"cost", "time"} <= set(frame):
        _spent(request, dataset, frame, rows)
    else:
        raise WrongUsage(
            f"{request.source} is neither a file of contract commitments ({', '.join(_headings('commitment', 'usd'))}, "
            f"…) nor of cost and usage ({', '.join(_headings('cost', 'time'))}); use --column where columns differ."
        )
    return rows


def _headings(*fields: str) -> list[str]:
    return [FIELDS[each][0] for each in fields]


def _check_currency(request: ImportRequest, dataset: Dataset, frame: pd.DataFrame) -> None:
    found = set(frame.get("currency", pd.Series(dtype=str))) - {"", dataset.settings.currency}
    if found:
        raise WrongUsage(f"{request.source} is in {few(sorted(found))}, the workbook in {dataset.settings.currency}.")


def _promised(request: ImportRequest, frame: pd.DataFrame, rows: Rows) -> None:
    """A signed commitment for each of money that is in force."""
    kept = frame
    if "category" in frame:
        kept = kept[kept["category"].str.lower() != "usage"]
    if "status" in frame:
        kept = kept[~kept["status"].isin(OVER)]
    if gone := sorted(set(frame["commitment"]) - set(kept["commitment"])):
        rows.told.append(f"left out, of usage and not of money or no longer in force: {few(gone)}")
    usd = numbers(request.source, kept["usd"], "usd")
    start = times(request.source, kept["from"], "from")
    last = times(request.source, kept["until"], "until") - pd.Timedelta(1, "us")  # the end is no part of it
    for each in kept.assign(usd=usd, start=start, last=last).to_dict("records"):
        name = request.names.get(each["commitment"], each["commitment"])
        if name and each["provider"]:
            begin, end = _month(each["start"]), _month(each["last"])
            told = {"provider": each["provider"], "usd": each["usd"], "from_month": begin, "until_month": end}
            rows.put(SpendCommitment(commitment=name, **told), **told)


def _spent(request: ImportRequest, dataset: Dataset, frame: pd.DataFrame, rows: Rows) -> None:
    """What was billed before the horizon in the period under way, of each signed commitment of the workbook."""
    if {"discount", "discount_category"} <= set(frame):
        known = {each.commitment for each in dataset.rows("spend_commitments")}
        of_money = frame["discount"][frame["discount_category"].str.lower() == "spend"]
        if found := set(request.renamed(of_money)) - known - {""}:
            size = "what is promised and until when is not in such a file; enter it by hand"
            rows.told.append(f"commitments of money that the workbook does not have: {few(sorted(found))}; {size}")
    if "charge" in frame:
        frame = frame[~frame["charge"].isin(NOT_SPENT)]
    cost = pd.to_numeric(frame["cost"], errors="coerce")
    if cost.isna().any():
        numbers(request.source, frame["cost"][cost.isna()].replace("", "blank"), "cost")
    when = times(request.source, frame["time"], "time")
    month = when.dt.year * 12 + when.dt.month - 1
    start, first = dataset.month(0), int(month.min()) if len(month) else 0
    for each in dataset.rows("spend_commitments"):
        if each.status != "signed" or not each.from_month < start <= each.until_month:
            continue
        begin = each.from_month + (0 if each.per == "term" else (start - each.from_month) // 12 * 12)
        if begin >= start:
            continue
        inside = (month >= begin) & (month < start) & (frame["provider"] == each.provider)
        if not inside.any():
            rows.told.append(f"nothing was billed by {each.provider} for {each.commitment} since {months.label(begin)}")
            continue
        if first > begin:
            part = f"the file begins in {months.label(first)}, the period of {each.commitment} in {months.label(begin)}"
            rows.told.append(f"{part}: what was spent before is missing")
        spent = float(cost[inside].sum())
        rows.put(replace(each, spent_usd=spent), spent_usd=spent)
    billed = set(frame["provider"]) - {each.provider for each in dataset.rows("spend_commitments")} - {""}
    if billed:
        rows.told.append(f"left out, of providers without a commitment in the workbook: {few(sorted(billed))}")


def _month(time: Any) -> int:
    return months.month_of(time.year, time.month)
