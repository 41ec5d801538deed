"""Whether the chips that work have been delivered and have power: powering them is for the plan to say."""

from __future__ import annotations

from models.audit.own_build_schedule import AuditedBlocks, AuditedLots
from models.audit.report import Findings
from models.audit.supply import Supply
from models.dataset import Dataset
from models.grouping import sums


def check_own_build(dataset: Dataset, supply: Supply, findings: Findings) -> None:
    """Chips powered of each order against those delivered, and what they draw at each site against its power."""
    delivered = sums(
        ((each.offer.order, t), each.chips(t))
        for each in supply.schedules
        if isinstance(each, AuditedLots)
        for t in dataset.horizon
    )
    power = sums(
        ((each.offer.site or each.offer.build, t), each.power_mw(t))
        for each in supply.schedules
        if isinstance(each, AuditedBlocks)
        for t in dataset.horizon
    )
    drawn: dict[tuple[str, int], float] = {}
    for source in supply.sources.values():
        if source.kind == "chips":
            for t, powered in source.online.items():
                where = f"{dataset.label(t)} {source.name}"
                there = delivered[source.name, t]
                findings.at_most("powered_is_delivered", where, powered, there, max(there, powered))
                key = source.site, t
                drawn[key] = drawn.get(key, 0.0) + powered * source.kw / 1000
    for (site, t), mw in drawn.items():
        findings.at_most("powered_has_power", f"{dataset.label(t)} {site}", mw, power[site, t], max(power[site, t], mw))
