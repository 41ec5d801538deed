"""Policy: what each cap, rule and limit costs, from the problem solved again with it loosened."""

from __future__ import annotations

from dataclasses import dataclass

from models.dataset import Dataset
from models.estimate import Estimate
from models.variants.loosened import Loosened, loosened
from planner.explain.by_scenario import ScenarioDifference
from planner.explain.searches import OneSearch, Search, difference_is_known, noise_usd


@dataclass(frozen=True, slots=True)
class PolicyAnswer:
    """What loosening a cap, rule or limit saves: the optimum of the problem less that of the loosened one, USD."""

    loosened: Loosened
    saving: Estimate
    complete: bool
    why: str
    by_scenario: tuple[ScenarioDifference, ...] = ()


class PolicyQuestion(OneSearch):
    """What one cap, rule or limit costs."""

    def __init__(self, loosened: Loosened, base: Search, search: Search, after: PolicyQuestion | None) -> None:
        self.loosened, self.base, self.search, self.after = loosened, base, search, after
        self.searches = ()

    @property
    def saving(self) -> Estimate:
        """The sign of a difference turned: the loosened problem costs no more."""
        return self.base.least_cost.minus(self.search.least_cost).not_below(0.0)

    @property
    def complete(self) -> bool:
        """Whether both ends agree."""
        return difference_is_known(self.saving, noise_usd(self.base, self.search))

    @property
    def openness(self) -> float:
        """As `Question`."""
        if self.complete or (self.after is not None and not self.after.settled):
            return 0.0
        width = self.saving.width
        return 1e6 if width is None else width / max(1e-9, noise_usd(self.base, self.search))

    @property
    def settled(self) -> bool:
        """Whether it has been searched, or need not be."""
        return self.search.count > 0 or self.complete

    def answer(self) -> PolicyAnswer:
        """What was found out."""
        return PolicyAnswer(self.loosened, self.saving, self.complete, self.search.why)


def policy_questions(dataset: Dataset, base: Search) -> list[PolicyQuestion]:
    """A question for each piece of policy; that of a cap's step waits for that of the cap dropped."""
    questions: list[PolicyQuestion] = []
    dropped: dict[str, PolicyQuestion] = {}
    for each in loosened(dataset):
        after = dropped.get(each.name) if each.what == "cap" else None
        looser = () if after is None else (after.search,)
        search = base.variant(each.words, each.dataset, plan=base.plan, relaxations=looser)
        question = PolicyQuestion(each, base, search, after)
        if each.what == "cap" and after is None:
            dropped[each.name] = question
        base.relaxations = (*base.relaxations, search)
        questions.append(question)
    return questions
