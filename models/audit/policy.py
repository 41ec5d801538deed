"""Caps on the portfolio and rules between offers.

Shares are looked at without dividing: the part against the share of the whole, so that a month with
no whole has no breach.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from models import months
from models.audit.cash_account import earned_by_month
from models.audit.demand import DemandAfterLimits
from models.audit.kinds import AUDITED
from models.audit.ledger import Due, Ledger
from models.audit.report import Findings
from models.audit.schedules import AuditedSource
from models.audit.supply import Supply
from models.dataset import Dataset
from models.grouping import groups, sums
from models.kinds import OfferKind
from models.plan import Plan, Signing
from models.schema import Cap, Rule


class Caps:
    """Every cap of the workbook against what the decisions come to."""

    def __init__(
        self,
        dataset: Dataset,
        plan: Plan,
        supply: Supply,
        ledger: Ledger,
        demand: DemandAfterLimits,
        findings: Findings,
    ) -> None:
        self.dataset = dataset
        self.supply = supply
        self.demand = demand
        self.findings = findings
        self.offers = {name for each in AUDITED.values() if each.held and each.brings for name in each.offers(dataset)}
        self.dues = groups((due.month, due) for due in ledger.dues)
        self.short = sums(((row.month, row.segment), row.tokens_bn) for row in plan.shortfalls)
        self.owed = list(owed(supply))
        self.earned = earned_by_month(dataset, plan, demand)

    def check(self) -> None:
        """Checks every cap in every month or period it holds in."""
        measures: dict[str, Callable[[Cap], None]] = {
            "capacity_mw": self._capacity_mw,
            "capacity_share": self._capacity_share,
            "cash_usd": self._cash,
            "cash_share_of_revenue": self._cash_share,
            "obligation_usd": self._obligation,
            "shortfall_share": self._shortfall,
        }
        for cap in self.dataset.caps:
            for each in self._each(cap):
                measures[cap.measure](each)

    def _each(self, cap: Cap) -> list[Cap]:
        """Of name `*` a cap for each of its scope: of fleet, offers not excluded, segments and, for cash, on-demand."""
        if cap.name != "*" or cap.scope == "total":
            return [cap]
        data = self.dataset
        named = [(row.provider, row.region, row.site or row.asset, "", {row.hardware}) for row in data.fleet]
        for kind in AUDITED.values():
            for name, row in kind.offers(data).items() if kind.held and kind.brings else ():
                if getattr(row, "status", "offer") != "excluded":
                    hardware = {each.hardware for each in data.lease_hardware if each.lease == name}
                    hardware = {row.hardware} if hasattr(row, "hardware") else hardware
                    home = next((each for each in data.own_sites if (each.site or each.build) == row.site), None)
                    region = row.region if hasattr(row, "region") else home.region if home else ""
                    seller = "" if cap.measure.startswith("capacity") and not hasattr(row, "region") else row.provider
                    named.append((seller, region, row.site or name, name, hardware))
        if cap.measure.startswith("cash"):
            named += [(row.provider, row.region, "", "", set[str]()) for row in data.on_demand]
        kinds = {hardware for *_, held in named for hardware in held}
        whom = {
            "provider": {provider for provider, *_ in named},
            "region": {region for _, region, *_ in named},
            "site": {site for _, _, site, *_ in named},
            "offer": {offer for _, _, _, offer, _ in named},
            "hardware": kinds,
            "vendor": {data.hardware_of[each].vendor for each in kinds},
            "segment": set(data.segment_of),
        }
        return [replace(cap, name=name) for name in sorted(whom[cap.scope] - {""})]

    def _limit(self, cap: Cap, when: str, found: float, limit: float, scale: float) -> None:
        rule, where = f"cap_{cap.measure}", f"{when} {cap.cap} {cap.name or ''}".rstrip()
        if cap.sense == "max":
            self.findings.at_most(rule, where, found, limit, scale)
        else:
            self.findings.at_least(rule, where, found, limit, scale)

    def _months(self, cap: Cap) -> list[int]:
        first = 0 if cap.from_month is None else self.dataset.t(cap.from_month)
        last = self.dataset.settings.months - 1 if cap.until_month is None else self.dataset.t(cap.until_month)
        return [t for t in self.dataset.horizon if first <= t <= last]

    def _periods(self, cap: Cap) -> Iterator[tuple[str, list[int]]]:
        """The months of the cap's window, by the calendar period they fall in, and its name."""

        def period(t: int) -> str:
            # the fiscal year goes by the calendar year it ends in
            begins = self.dataset.settings.fiscal_year_start
            year, month = months.year_and_month(self.dataset.month(t) + (13 - begins) % 12)
            names = {
                "month": self.dataset.label(t),
                "quarter": f"{year} Q{(month - 1) // 3 + 1}",
                "year": str(year),
                "horizon": "horizon",
            }
            return names[cap.per]

        yield from groups((period(t), t) for t in self._months(cap)).items()

    def _named(self, cap: Cap, kind: str, name: str) -> bool:
        """Whether a cap on an offer means this source: an asset's name counts only where no offer has it."""
        if kind in AUDITED and not AUDITED[kind].brings:
            return False
        return cap.name == name and ((kind in AUDITED and AUDITED[kind].held) or cap.name not in self.offers)

    def _in_scope(self, cap: Cap, source: AuditedSource) -> bool:
        if cap.scope == "offer":
            return self._named(cap, source.kind, source.name)
        found = {
            "total": cap.name,
            "provider": source.provider,
            "vendor": self.dataset.hardware_of[source.hardware].vendor,
            "hardware": source.hardware,
            "region": source.region,
            "site": source.site,
        }
        return found[cap.scope] == cap.name

    def _mw(self, cap: Cap, t: int) -> tuple[float, float]:
        """MW online in the cap's scope and in total."""
        sources = self.supply.sources.values()
        part = sum(each.at(t) * each.kw / 1000 for each in sources if self._in_scope(cap, each))
        return part, sum(each.at(t) * each.kw / 1000 for each in sources)

    def _capacity_mw(self, cap: Cap) -> None:
        for t in self._months(cap):
            part, total = self._mw(cap, t)
            self._limit(cap, self.dataset.label(t), part, cap.value, max(abs(cap.value), total))

    def _capacity_share(self, cap: Cap) -> None:
        for t in self._months(cap):
            part, total = self._mw(cap, t)
            self._limit(cap, self.dataset.label(t), part, cap.value * total, total)

    def _paid(self, cap: Cap, t: int) -> float:
        dues = self.dues[t]
        if cap.scope == "total":
            return sum(due.cash_usd for due in dues)
        return sum(due.cash_usd for due in dues if due.buys_capacity and self._pays_for(cap, due))

    def _pays_for(self, cap: Cap, due: Due) -> bool:
        if cap.scope == "offer":
            return self._named(cap, due.kind, due.offer)
        return {"provider": due.provider, "region": due.region, "site": due.site}[cap.scope] == cap.name

    def _turnover(self, period: list[int]) -> float:
        return sum(abs(due.cash_usd) for t in period for due in self.dues[t])

    def _cash(self, cap: Cap) -> None:
        for when, period in self._periods(cap):
            found = sum(self._paid(cap, t) for t in period)
            self._limit(cap, when, found, cap.value, max(abs(cap.value), self._turnover(period)))

    def _cash_share(self, cap: Cap) -> None:
        for when, period in self._periods(cap):
            before = self.dataset.carried_into(cap, period)
            found = before.paid_usd + sum(self._paid(cap, t) for t in period)
            earned, names = before.revenue_usd + sum(self.earned[t] for t in period), self.dataset.segment_of
            # what is earned is the little that limits and shortfall leave of revenue before them
            gross = before.revenue_usd + sum(self.demand.baseline_revenue[t, name] for t in period for name in names)
            self._limit(cap, when, found, cap.value * earned, max(abs(cap.value) * gross, self._turnover(period)))

    def _obligation(self, cap: Cap) -> None:
        for t in self._months(cap):
            found = total = 0.0
            for kind, name, provider, signed, due, usd in self.owed:
                if signed <= t < due:
                    total += usd
                    if cap.scope == "total" or (
                        self._named(cap, kind.name, name) if cap.scope == "offer" else provider == cap.name
                    ):
                        found += usd
            self._limit(cap, self.dataset.label(t), found, cap.value, max(abs(cap.value), total))

    def _shortfall(self, cap: Cap) -> None:
        names = list(self.dataset.segment_of) if cap.scope == "total" else [cap.name or ""]
        for when, period in self._periods(cap):
            before = self.dataset.carried_into(cap, period)
            short = before.short_bn + sum(self.short[t, name] for t in period for name in names)
            demanded = before.demanded_bn + sum(
                self.demand.of_segment.get((t, name), 0.0) for t in period for name in names
            )
            self._limit(cap, when, short, cap.value * demanded, demanded)


class OwedPayment(NamedTuple):
    """USD due in month `due` (months t, beyond the horizon too) under what was signed in month `signed`."""

    kind: OfferKind
    name: str
    provider: str
    signed: int
    due: int
    usd: float


def owed(supply: Supply) -> Iterator[OwedPayment]:
    """Everything still due after its signing."""
    for each in supply.schedules:
        signing = each.signing
        for due, usd in each.due_after_signing:
            yield OwedPayment(signing.kind, signing.name, each.offer.provider, signing.month, due, usd)


class SignedValue(NamedTuple):
    """What a signing commits to, undiscounted USD: paid in the month of signing, and in total."""

    signing: Signing
    at_signing_usd: float
    total_usd: float


def signed_values(supply: Supply) -> Iterator[SignedValue]:
    """Of every signing the least that is due for the end of service chosen, whatever is used; by takers to us.

    A spend commitment counts with what other signings with its provider do not commit to in the same period.
    """
    spent = sums(
        ((each.offer.provider, t), usd)
        for each in supply.schedules
        if each.signing.kind.buys
        for t, usd in (*each.committed(), *each.borrowed())
    )
    for each in supply.schedules:
        due = list(each.committed())
        for period, usd in each.promised():
            left = usd - sum(spent[each.offer.provider, t] for t in period)
            due.append((period[-1], max(0.0, left)))
        at_once = sum(usd for t, usd in due if t == each.signing.month)
        yield SignedValue(each.signing, at_once, sum(usd for _, usd in due))


_Offer = tuple[str, str]
"""Kind and name: two sheets may use one name."""


def check_rules(dataset: Dataset, plan: Plan, findings: Findings) -> None:
    """Rules between offers; what is already signed counts, whether or not the plan repeats it."""
    agreed = [
        ((name, offer), dataset.t(month))
        for name, kind in AUDITED.items()
        for offer, row in kind.offers(dataset).items()
        if getattr(row, "status", "offer") == "signed" and (month := kind.agreed(row)[0]) is not None
    ]
    found = groups([*agreed, *(((each.kind.name, each.name), each.month) for each in plan.chosen)])
    signed = {offer: min(months) for offer, months in found.items()}
    for rule in dataset.rules:
        _check_rule(rule, [_offer(dataset, name) for name in dict.fromkeys(rule.offers)], signed, findings)
    for must in dataset.must_take:
        where = f"{AUDITED[must.kind.name].words} {must.name} must be taken"
        findings.at_least("rule_at_least", where, (must.kind.name, must.name) in signed, 1, 1.0)


def _offer(dataset: Dataset, name: str) -> _Offer:
    """The offer that a name in a rule means; of no kind where there is none."""
    return next(((kind, name) for kind, each in AUDITED.items() if name in each.offers(dataset)), ("", name))


def _check_rule(rule: Rule, offers: list[_Offer], signed: dict[_Offer, int], findings: Findings) -> None:
    count = sum(offer in signed for offer in offers)
    where = f"{rule.rule}: {'; '.join(name for _, name in offers)}"
    if rule.kind == "requires":
        first, second = offers[0], offers[-1]
        kept = first not in signed or (second in signed and signed[second] <= signed[first])
        findings.true("rule_requires", where, kept)
    elif rule.kind == "excludes":
        findings.at_most("rule_excludes", where, count, 1, 1.0)
    elif rule.kind == "at_most":
        findings.at_most("rule_at_most", where, count, rule.count or 0, 1.0)
    else:
        findings.at_least("rule_at_least", where, count, rule.count or 0, 1.0)
