"""The tidy tables behind a stress test, and the same as JSON."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from models.stochastic.estimates import CONFIDENCE, SampleEstimate
from planner.results.tables import Filled, report_table
from planner.stress.statistics import CostFigures
from planner.stress.summary import MEANING, StressReport, special

PROBABILITY = report_table(
    "Shortfall probability",
    "by segment and month, with 95 % intervals",
    "segment:text",
    "month:month",
    "samples_short:whole",
    "probability:share",
    "at_least:share",
    "at_most:share",
    "mean_shortfall_bn_per_day:amount",
    "worst_shortfall_bn_per_day:amount",
)
SAMPLES = report_table(
    "Samples",
    "every sample: what was drawn, what it costs, what falls short",
    "sample:whole",
    "result:text",
    "cost_usd:money",
    "over_forecast_usd:money",
    "shortfall_usd:money",
    "months_short:whole",
    "segments_short:text",
    "gap:gap",
    "cannot_be_taken:text",
    "beyond_caps:text",
    "drawn:text",
)
RUN = report_table("Run", "options, versions, hashes", "section:text", "key:text", "value:any", "source:text")
RESULT_WORDS = {
    "optimal": "plan",
    "stopped": "plan, larger gap",
    "infeasible": "no plan keeps every rule",
    "undecided": "not decided",
}


def tables(report: StressReport) -> list[Filled]:
    """Every table, in order."""
    return [
        Filled(
            PROBABILITY,
            [
                (
                    each.segment,
                    each.month,
                    each.times,
                    each.probability.value,
                    each.probability.low,
                    each.probability.high,
                    each.mean_bn_per_day,
                    each.worst_bn_per_day,
                )
                for each in report.figures.places
            ],
        ),
        Filled(SAMPLES, [_sample(report, i) for i in range(len(report.trial.results))]),
        Filled(RUN, list(report.record)),
    ]


def _sample(report: StressReport, i: int) -> tuple[Any, ...]:
    result, known = report.trial.results[i], _known(report.trial.results[i].cost_usd)
    return (
        i + 1,
        RESULT_WORDS[result.status] + (f": {result.why}" if result.status == "undecided" else ""),
        known,
        None if known is None else known - report.commitment.forecast_usd,
        None if known is None else result.shortfall_usd,
        len({month for _, month, _ in result.short}),
        ", ".join(dict.fromkeys(segment for segment, _, _ in result.short)),
        result.gap if known is not None else None,
        ", ".join(result.unavailable),
        ", ".join(result.caps),
        report.trial.words[i],
    )


def _known(figure: float) -> float | None:
    return None if math.isnan(figure) else figure


def stress_json(report: StressReport) -> dict[str, Any]:
    """The same as plain values; None for what is not known."""
    found, trial, label = report.figures, report.trial, report.dataset.label
    return {
        "plan_name": report.plan_name,
        "status": "complete" if trial.complete else "stopped",
        "later": report.later,
        "meaning": MEANING[report.later],
        "committed_until": label(report.commitment.until) if report.later == "optimised" else None,
        "in_sample": trial.samples.in_sample,
        "drawn": trial.samples.how,
        "samples": {
            "asked": len(trial.samples),
            "finished": found.finished,
            "with_plan": found.with_plan,
            "beyond_caps": found.beyond_caps,
            "undecided": found.undecided,
            "different": trial.samples.problems,
        },
        "confidence": CONFIDENCE,
        "forecast_usd": report.commitment.forecast_usd,
        "cost_usd": _cost(found.cost, report),
        "cost_beyond_caps_usd": _cost(found.cost_beyond, report),
        "no_plan_probability": _estimate(found.no_plan),
        "shortfall_probability": _estimate(found.short),
        "shortfall": [
            {
                "segment": each.segment,
                "month": label(each.month),
                "samples": each.times,
                **asdict(each.probability),
                "mean_bn_per_day": each.mean_bn_per_day,
                "worst_bn_per_day": each.worst_bn_per_day,
            }
            for each in found.places
            if each.times
        ],
        "histogram": [
            {"low_usd": each.low_usd, "high_usd": each.high_usd, "samples": each.samples, "above": asdict(each.above)}
            for each in found.bins
        ],
        "worst": [
            {"sample": i + 1, "cost_usd": trial.results[i].cost_usd, "words": special(report, i)} for i in found.worst
        ],
        "caps_exceeded": [{"cap": name, "samples": count} for name, count in found.caps],
        "void": [{"name": name, "samples": count} for name, count in found.unavailable],
        "results": [
            {
                "sample": i + 1,
                "status": each.status,
                "cost_usd": _known(each.cost_usd),
                "shortfall_usd": each.shortfall_usd,
                "gap": each.gap,
                "drawn": trial.words[i],
            }
            for i, each in enumerate(trial.results)
        ],
        "largest_gap": found.largest_gap,
        "audited": report.audited,
        "notes": list(report.notes),
    }


def _estimate(estimate: SampleEstimate | None) -> dict[str, Any] | None:
    return None if estimate is None else asdict(estimate)


def _cost(cost: CostFigures | None, report: StressReport) -> dict[str, Any] | None:
    if cost is None:
        return None

    def told(each: SampleEstimate) -> dict[str, Any]:
        return asdict(each) | ({} if cost.proven else {"value": None})

    return {
        "samples": cost.count,
        "proven": cost.proven,
        "expected": told(cost.expected),
        "deviation": cost.deviation if cost.proven else None,
        "least": cost.least if cost.proven else None,
        "most": cost.most if cost.proven else None,
        "quantiles": [{"level": level, **told(each)} for level, each in cost.quantiles.items()],
        "cvar": {"alpha": report.dataset.settings.risk_alpha, **told(cost.cvar)},
    }
