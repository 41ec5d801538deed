"""Serving: how the work done splits over the demand regions it serves, when a plan is read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TypeVar

from models.core.model import Model
from models.demand.service import ANY_BLOCK, Place, Service, balances_in, demand_of
from models.plan import Plan, Serving, Shortfall

_NOTHING = 1e-12
_A = TypeVar("_A")
_B = TypeVar("_B")


def read_service(model: Model) -> None:
    """Reports serving and shortfall by demand region."""

    def read() -> Plan:
        serving: list[Serving] = []
        shortfalls: list[Shortfall] = []
        for service in model.services:
            for block in balances_in(service, model.dataset):
                short = list(_shortfalls(model, service, block))
                shortfalls.extend(short)
                serving.extend(_servings(model, service, block, {each.region: each.tokens_bn for each in short}))
        return Plan(serving=tuple(serving), shortfalls=tuple(shortfalls))

    model.readers.append(read)


def _shortfalls(model: Model, service: Service, block: str) -> Iterator[Shortfall]:
    """A group's shortfall, spread over its regions by what they ask for."""
    for group in service.groups:
        variable = service.shortfall.get((group, block))
        short = (variable.value or 0.0) * model.units.tokens_bn if variable is not None else 0.0
        demanded = {region: demand_of(model, service, (region,), block).value() for region in group}
        total = sum(demanded.values())
        if short > 0.0 and total > 0.0:
            yield from (
                Shortfall(service.t, block, service.segment.segment, region, short * part / total)
                for region, part in demanded.items()
                if part > 0.0
            )


def _servings(model: Model, service: Service, block: str, short: dict[str, float]) -> Iterator[Serving]:
    """Pieces of work laid end to end against the flows to groups, and those against the regions of each group."""
    unit = model.units.tokens_bn
    to_group: dict[tuple[str, ...], list[tuple[tuple[Place, str], float]]] = {group: [] for group in service.groups}
    for region in dict.fromkeys(place.region for place, _ in service.work):
        pieces = [
            ((place, at), (variable.value or 0.0) * service.tokens[place, at] * unit)
            for (place, at), variable in service.work.items()
            if place.region == region and block in (ANY_BLOCK, at)
        ]
        flows = [(g, flow.value() * unit) for (r, g, b), flow in service.flow.items() if (r, b) == (region, block)]
        for piece, group, tokens in _match(pieces, flows):
            to_group[group].append((piece, tokens))
    for group, work in to_group.items():
        needs = [(r, demand_of(model, service, (r,), block).value() * unit - short.get(r, 0.0)) for r in group]
        for (place, at), region, tokens in _match(work, needs):
            yield Serving(
                month=service.t,
                block=at,
                segment=service.segment.segment,
                region=region,
                capacity_region=place.region,
                hardware=place.hardware,
                site=place.site,
                tokens_bn=tokens,
            )


def _match(supply: Iterable[tuple[_A, float]], needs: Iterable[tuple[_B, float]]) -> Iterator[tuple[_A, _B, float]]:
    """Amounts of supply matched to needs in order; what rounding leaves over goes to the last need."""
    wanting = [(need, amount) for need, amount in needs if amount > 0.0]
    scale = sum(amount for _, amount in wanting) or 1.0
    k, done = 0, 0.0
    for piece, amount in supply:
        rest = amount
        while rest > _NOTHING * scale and k < len(wanting):
            need, wanted = wanting[k]
            last = k == len(wanting) - 1
            part = rest if last else min(rest, wanted - done)
            if part > 0.0:
                yield piece, need, part
            rest, done = rest - part, done + part
            if not last and wanted - done <= _NOTHING * scale:
                k, done = k + 1, 0.0
