"""The summary of a stress test: what was tested and how, the result, and sentences on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from models.dataset import Dataset
from models.estimate import Estimate
from models.grouping import groups
from models.stochastic.estimates import SampleEstimate
from planner.formatting import estimate_words, money, percent
from planner.stress.simulation import Commitment, SimulatedPlan
from planner.stress.statistics import CostFigures, StressFigures

Later = Literal["optimised", "held"]
MEANING = {
    "optimised": (
        "Later decisions are made anew in each sample with all of it known, so a planner without such foresight pays "
        "at least this (within the gap)."
    ),
    "held": (
        "All decisions of the plan are held and only their use adapts, so a planner who decides anew as things come "
        "pays at most this."
    ),
}
SHORT_CARE, NO_PLAN_CARE = 0.05, 0.05
"""From these probabilities on a plan is not called good."""


@dataclass(frozen=True)
class StressReport:
    """Everything about one stress test. `audited` counts the plans of the most expensive samples that were audited."""

    plan_name: str
    dataset: Dataset
    commitment: Commitment
    trial: SimulatedPlan
    figures: StressFigures
    later: Later
    gap: float
    audited: int
    notes: tuple[str, ...]
    record: tuple[tuple[str, str, Any, str], ...]
    """Of the run: section, key, value, and where an option's value came from."""

    @property
    def currency(self) -> str:
        """The label of the currency."""
        return self.dataset.settings.currency

    @property
    def tone(self) -> Literal["good", "careful", "bad"]:
        """How the plan did, as the tone of its banner: good, careful or bad."""
        found = self.figures
        if found.cost is None or (found.no_plan is not None and found.no_plan.value >= NO_PLAN_CARE):
            return "bad"
        short = found.short is not None and found.short.value >= SHORT_CARE
        unsure = found.undecided or (found.no_plan is not None and found.no_plan.value > 0.0)
        unsure = unsure or not found.cost.proven
        return "careful" if short or unsure or not self.trial.complete else "good"


def between(estimate: SampleEstimate, cost: CostFigures, currency: str) -> str:
    """`84.20 bn USD (83.10 bn USD to 85.30 bn USD)`; where searches left it open, what is known of it alone."""
    if not cost.proven:
        return estimate_words(Estimate(estimate.low, estimate.high), lambda usd: money(usd, currency), 0.0)
    if estimate.low is None or estimate.high is None:
        return f"{money(estimate.value, currency)} (one sample gives no confidence interval)"
    return f"{money(estimate.value, currency)} ({money(estimate.low, currency)} to {money(estimate.high, currency)})"


def chance(estimate: SampleEstimate) -> str:
    """`34 % (31 % to 37 %)`."""
    low, high = estimate.low, estimate.high
    return f"{_rounded(estimate.value)} ({_rounded(low or 0.0)} to {_rounded(1.0 if high is None else high)})"


def _rounded(share: float) -> str:
    return percent(round(share, 3))


def headline(report: StressReport) -> str:
    """What came out, in a few sentences."""
    found, trial = report.figures, report.trial
    parts = []
    if not found.finished:
        return "No sample was finished, so there is no result. Allow more time."
    if found.cost is not None:
        parts.append(
            f"Expected cost {between(found.cost.expected, found.cost, report.currency)} with 95 % confidence, over the "
            f"{found.with_plan:,} of {found.finished:,} samples with a plan that keeps every rule; the plan itself "
            f"expects {money(report.commitment.forecast_usd, report.currency)}."
        )
    if found.cost is not None and not found.cost.proven:
        unproven = sum(each.solved and not each.proven for each in trial.results)
        parts.append(f"{unproven:,} samples were not proven within the gap; what that leaves open is in the range.")
    if found.short is not None:
        parts.append(f"Demand falls short somewhere in {chance(found.short)} of these.")
    if found.no_plan is not None and found.no_plan.value:
        none = chance(found.no_plan)
        parts.append(f"In {none} of all samples no plan keeps every rule with these decisions{_why(found)}.")
    if found.undecided:
        parts.append(f"{found.undecided:,} samples were not decided within their time limit and are counted nowhere.")
    if not trial.complete:
        parts.append(f"Stopped after {found.finished:,} of {len(trial.samples):,} samples.")
    return " ".join(parts)


def _why(found: StressFigures) -> str:
    if not found.beyond_caps:
        return ""
    named = ", ".join(f"'{name}'" for name, _ in found.caps[:3])
    return f"; in {found.beyond_caps:,} of them caps cannot be kept, most often {named}"


def special(report: StressReport, sample: int) -> str:
    """What a sample is about: what was drawn, which commitments are void, what falls short."""
    result = report.trial.results[sample]
    parts = [report.trial.words[sample]]
    if result.unavailable:
        parts.append(f"cannot be taken: {', '.join(result.unavailable)}")
    if result.caps:
        parts.append(f"beyond caps: {', '.join(result.caps)}")
    by_segment = groups((segment, month) for segment, month, _ in result.short)
    if by_segment:
        listed = ", ".join(f"{name} in {len(months)} months" for name, months in by_segment.items())
        parts.append(f"short: {listed}".replace(" 1 months", " 1 month"))
    return "; ".join(parts)


def lines(report: StressReport) -> list[str]:
    """The result for a terminal."""
    found = report.figures
    text = [f"{report.plan_name}: {headline(report)}", f"  {MEANING[report.later]}"]
    if found.cost is not None:
        alpha = report.dataset.settings.risk_alpha
        median, high = found.cost.quantiles[0.5], found.cost.quantiles[0.95]
        told = [between(each, found.cost, report.currency) for each in (median, high, found.cost.cvar)]
        text.append(f"  Median {told[0]}, 95 % quantile {told[1]}")
        text.append(f"  Mean of the worst {percent(1.0 - alpha)}: {told[2]}")
    if (beyond := found.cost_beyond) is not None:
        text.append(
            f"  Expected cost when caps that cannot be kept are dropped: "
            f"{between(beyond.expected, beyond, report.currency)} over {beyond.count:,} samples"
        )
    for i in found.worst[:3]:
        cost = money(report.trial.results[i].cost_usd, report.currency)
        text.append(f"  Sample {i + 1}: {cost}: {special(report, i)}")
    return [*text, *(f"  Note: {each}" for each in report.notes)]
