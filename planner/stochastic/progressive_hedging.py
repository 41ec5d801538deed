r"""Progressive hedging of the parts by mpi-sppy, with HiGHS solving them side by side.

mpi-sppy works on a shell of each scenario: a Pyomo model of the decisions it shares and of its cost, which is all
that mpi-sppy has to see. `Shell` hands what it asks for (multipliers, proximal terms made linear by cuts) to HiGHS
together with the arrays of the scenario. Costs are in model units of money.

Importing this imports mpi-sppy, which is slow and prints; do so in `quietly`.
"""

from __future__ import annotations

import contextlib
import io
import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

import mpisppy.opt.ph
import mpisppy.scenario_tree
import mpisppy.utils.sputils
import numpy as np
import numpy.typing as npt
import pyomo.environ as pyo
from mpisppy.convergers.converger import Converger
from mpisppy.extensions.extension import Extension
from pyomo.opt import SolutionStatus, SolverFactory, SolverResults, SolverStatus, TerminationCondition
from pyomo.repn import generate_standard_repn
from pyomo.solvers.plugins.solvers.persistent_solver import PersistentSolver
from scipy.sparse import csc_array, hstack, vstack

from models.core.compiled import Compiled
from models.stochastic.extensive_form import DecisionKey
from models.stochastic.subproblem import Bounds, Stages, Subproblem

Vector = npt.NDArray[np.float64]
SOLVER = "planner_shell"
LEAST_WEIGHT = 1e-6
"""The proximal weight of a variable that decides nothing, for mpi-sppy wants one."""


Solved = tuple[Vector, float, float]
"""A problem's best values found, its objective there, and a bound on it in model units."""
SolveAll = Callable[[Mapping[str, Compiled], bool], Mapping[str, Solved]]
"""Solves the problems of scenarios side by side, told whether for a bound; raises where one is not solved."""


class Steer(Protocol):
    """What looks on, and ends the hedging by an exception of its own."""

    def proximal(self, hedging: Hedging) -> Mapping[DecisionKey, float]:
        """The proximal weight of each shared decision; on every rank, and so in every scenario, the same."""

    def after(self, hedging: Hedging, iteration: int) -> None:
        """The scenarios of this iteration are solved; those of iteration 0 without proximal terms."""


class Tree:
    """The scenario tree in mpi-sppy's names: scenarios `part0`, `part1`, … and nodes ROOT, ROOT_0, ROOT_0_1, …"""

    def __init__(self, stages: Stages, bounds: Bounds, months: Mapping[DecisionKey, int]) -> None:
        self.stages, self.bounds = stages, bounds
        self.names = {f"part{i}": name for i, name in enumerate(stages.order)}
        paths = {name: stages.path(name) for name in stages.order}
        # where the first stage has several nodes already, mpi-sppy needs a root above them
        self.first = 0 if len({path[0] for path in paths.values()}) == 1 else 1
        self.keys: list[list[tuple[int, str, Any]]] = [[] for _ in range(len(stages.starts))]
        for (decided, _, family, key), month in months.items():
            listed = self.keys[stages.of(month)]
            if (decided, family, key) not in listed:
                listed.append((decided, family, key))
        self.paths: dict[str, tuple[str, ...]] = {}
        children: dict[tuple[str, ...], int] = {}
        nodes: dict[tuple[str, ...], str] = {}
        self.all_nodes = ["ROOT"]
        for name in stages.order:
            path, above, named = paths[name][1 - self.first :], "ROOT", ["ROOT"]
            done: tuple[str, ...] = ()
            for node in (*path, f"\0{name}"):  # at the end a leaf of its own
                done = (*done, node)
                if done not in nodes:
                    number = children.get(done[:-1], 0)
                    children[done[:-1]] = number + 1
                    nodes[done] = f"{above}_{number}"
                    self.all_nodes.append(nodes[done])
                above = nodes[done]
                named.append(above)
            self.paths[name] = tuple(named[:-1])

    @property
    def two_stage(self) -> bool:
        return all(len(path) == 1 for path in self.paths.values())


def shell_of(tree: Tree, name: str, part: Subproblem, arrays: Compiled) -> Any:
    """The Pyomo model mpi-sppy sees of a scenario: cost, and decisions by node, one it lacks a variable by itself."""
    model = pyo.ConcreteModel(name)
    model.cost = pyo.Var()
    model.least = pyo.Objective(expr=model.cost)
    model._mpisppy_probability = part.probability
    model._mpisppy_node_list = []
    columns: dict[int, int | None] = {id(model.cost): None}
    stages, above, share = tree.stages, None, 1.0
    for number, node in enumerate(tree.paths[part.name]):
        stage = number - tree.first
        listed = tree.keys[stage] if stage >= 0 else []
        own = stages.path(part.name)[stage] if stage >= 0 else ""
        decisions = pyo.Var(pyo.RangeSet(0, max(0, len(listed) - 1)), domain=pyo.Integers, bounds=(0, 0))
        model.add_component(f"stage{number}", decisions)
        for i, (month, family, key) in enumerate(listed):
            low, high = tree.bounds.get((month, own, family, key), (0.0, 0.0))
            decisions[i].setlb(low)
            decisions[i].setub(high)
            if (low, high) == (0.0, 1.0):
                decisions[i].domain = pyo.Binary
            column = part.columns.get((month, own, family, key))
            if column is not None:
                columns[id(decisions[i])] = column
        members = tree.stages.tree.alike(part.name, stages.starts[stage]) if stage >= 0 else tree.stages.order
        weight = sum(tree.stages.tree.probability[each] for each in members)
        model._mpisppy_node_list.append(
            mpisppy.scenario_tree.ScenarioNode(
                node, weight / share, number + 1, 0.0, [decisions], model, parent_name=above
            )
        )
        above, share = node, weight
    model._planner = part, arrays, columns
    return model


@SolverFactory.register(SOLVER, doc="a scenario's arrays in HiGHS, its decisions in a shell of Pyomo")
class Shell(PersistentSolver):  # type: ignore[misc]
    """What mpi-sppy needs of a persistent solver. It is solved before mpi-sppy asks, side by side with the others."""

    def __init__(self, **_: Any) -> None:
        # the base class's constructor wants a solver of its own
        self.options: dict[str, Any] = {}
        self.solved: Solved | None = None

    def available(self, exception_flag: bool = True) -> bool:
        return True

    def set_instance(self, model: Any, **_: Any) -> None:
        self.model = model
        self.part, self.arrays, self.known = model._planner
        self.extra: dict[int, Any] = {
            id(each): each
            for each in model.component_data_objects(pyo.Var, descend_into=True)
            if id(each) not in self.known
        }
        self.rows: list[tuple[float, float, dict[int, float]]] = []
        self.weights: dict[int, float] = {}
        self.constant = 0.0

    def set_objective(self, objective: Any) -> None:
        told = generate_standard_repn(objective.expr, quadratic=False, compute_values=True)
        self.weights = {id(each): float(value) for each, value in zip(told.linear_vars, told.linear_coefs, strict=True)}
        for each in told.linear_vars:
            if id(each) not in self.known:
                self.extra[id(each)] = each
        self.constant = float(told.constant)

    def add_constraint(self, constraint: Any) -> None:
        told = generate_standard_repn(constraint.body, quadratic=False)
        terms = {id(each): float(value) for each, value in zip(told.linear_vars, told.linear_coefs, strict=True)}
        for each in told.linear_vars:
            if id(each) not in self.known:
                self.extra[id(each)] = each
        low = -np.inf if constraint.lower is None else pyo.value(constraint.lower) - told.constant
        high = np.inf if constraint.upper is None else pyo.value(constraint.upper) - told.constant
        self.rows.append((low, high, terms))

    def update_var(self, variable: Any) -> None:
        """Nothing: decisions are held elsewhere (`planner.stochastic.first_stage_candidates`)."""

    def problem(self) -> Compiled:
        """The scenario's arrays with what mpi-sppy adds: costs of decisions, variables and rows."""
        arrays: Compiled = self.arrays
        width, extra = len(arrays.columns), list(self.extra.values())
        at = {each: column for each, column in self.known.items() if column is not None}
        at |= {id(each): width + i for i, each in enumerate(extra)}
        cost = np.concatenate([arrays.cost, np.zeros(len(extra))])
        for each, weight in self.weights.items():
            if each in at:
                cost[at[each]] += weight
        cells = [
            (i, at[each], value) for i, (_, _, terms) in enumerate(self.rows) for each, value in terms.items() if value
        ]
        row, column, value = np.array(cells, dtype=float).reshape(-1, 3).T
        added = csc_array(
            (value, (row.astype(int), column.astype(int))), shape=(len(self.rows), width + len(extra)), dtype=float
        )
        matrix = hstack([arrays.matrix, csc_array((arrays.matrix.shape[0], len(extra)))], format="csc")
        return replace(
            arrays,
            cost=cost,
            offset=arrays.offset + self.constant,
            matrix=csc_array(vstack([matrix, added], format="csc")),
            row_lower=np.concatenate([arrays.row_lower, [low for low, _, _ in self.rows]]),
            row_upper=np.concatenate([arrays.row_upper, [high for _, high, _ in self.rows]]),
            lower=np.concatenate([arrays.lower, [-np.inf if each.lb is None else each.lb for each in extra]]),
            upper=np.concatenate([arrays.upper, [np.inf if each.ub is None else each.ub for each in extra]]),
            integer=np.concatenate([arrays.integer, np.array([each.is_integer() for each in extra], dtype=bool)]),
            columns=(*arrays.columns, *extra),
            rows=(*arrays.rows, *([None] * len(self.rows))),
        )

    def solve(self, model: Any, **_: Any) -> Any:
        """What was solved, in the words that mpi-sppy reads."""
        found = self.solved
        results = SolverResults()
        results.solver.status = SolverStatus.ok
        results.solver.termination_condition = TerminationCondition.other
        if found is not None:
            objective, bound = found[1:]
            results.solver.termination_condition = TerminationCondition.optimal
            results.problem.lower_bound, results.problem.upper_bound = bound, objective
            results.solution.add().status = SolutionStatus.optimal
        return results

    def load_vars(self, *_: Any) -> None:
        assert self.solved is not None
        values = self.solved[0]
        arrays: Compiled = self.arrays
        width = len(arrays.columns)
        for variable in self.model.component_data_objects(pyo.Var, descend_into=True):
            column = self.known.get(id(variable))
            if column is not None:
                variable.set_value(round(values[column]), skip_validation=True)
        for variable, value in zip(self.extra.values(), values[width:], strict=True):
            variable.set_value(round(value) if variable.is_integer() else float(value), skip_validation=True)
        self.model.cost.set_value(float(arrays.cost @ values[:width]) + arrays.offset, skip_validation=True)


class Hedging(mpisppy.opt.ph.PH):  # type: ignore[misc]
    """mpi-sppy's progressive hedging whose scenarios are solved side by side by `solve_all`."""

    def __init__(
        self,
        tree: Tree,
        parts: Mapping[str, Subproblem],
        arrays: Mapping[str, Compiled],
        solve_all: SolveAll,
        steer: Steer,
        iterations: int,
        mpicomm: Any = None,
    ) -> None:
        self.tree, self.parts, self.solve_all, self.steer = tree, parts, solve_all, steer
        self.weights: Mapping[DecisionKey, float] = {}
        options = {
            "solver_name": SOLVER,
            "PHIterLimit": iterations,
            "defaultPHrho": 1.0,
            "convthresh": -1.0,
            "verbose": False,
            "display_progress": False,
            "toc": False,
            "linearize_proximal_terms": True,
            "linearize_binary_proximal_terms": True,
            "solver_options_layers": [],
        }
        super().__init__(
            options,
            list(tree.names),
            lambda name: shell_of(tree, name, parts[tree.names[name]], arrays[tree.names[name]]),
            all_nodenames=None if tree.two_stage else tree.all_nodes,
            extensions=_Steered,
            ph_converger=_Never,
            rho_setter=self._rho,
            mpicomm=mpicomm,
        )

    def _rho(self, scenario: Any) -> list[tuple[int, float]]:
        """The weight of departing from what the scenarios of a node decide on average; the same in all of them."""
        rho, keys = self.weights, list(self._keys(scenario))
        return [
            (id(variable), rho.get(key, LEAST_WEIGHT))
            for key, variable in zip(keys, scenario._mpisppy_data.nonant_indices.values(), strict=True)
        ]

    def _keys(self, scenario: Any) -> Sequence[DecisionKey]:
        """The shared decision of each variable that mpi-sppy ties."""
        name, stages = self.tree.names[scenario.name], self.tree.stages
        found: list[DecisionKey] = []
        for number in range(len(self.tree.paths[name])):
            stage = number - self.tree.first
            listed = self.tree.keys[stage] if stage >= 0 else []
            own = stages.path(name)[stage] if stage >= 0 else ""
            found += [(month, own, family, key) for month, family, key in listed] or [(0, "", "", number)]
        return found

    def solve_side_by_side(self) -> None:
        """Solves every scenario of this rank as mpi-sppy has its objective now."""
        for scenario in self.local_scenarios.values():
            # what it minimises has other multipliers and averages than last time
            scenario._solver_plugin.set_objective(mpisppy.utils.sputils.find_active_objective(scenario))
        solvers = {self.tree.names[key]: each._solver_plugin for key, each in self.local_scenarios.items()}
        problems = {name: solver.problem() for name, solver in solvers.items()}
        found = self.solve_all(problems, bool(self.prox_disabled))
        for name, solver in solvers.items():
            solver.solved = found[name]

    def bound(self) -> float:
        """Solves once more without the proximal terms: the Lagrangian bound of the multipliers as they are now."""
        self._save_nonants()
        self._disable_prox()
        self.solve_loop(need_solution=False)
        found = float(self.Ebound())
        self._reenable_prox()
        self._restore_nonants(update_persistent=False)
        return found

    def average(self) -> dict[DecisionKey, float]:
        """What the scenarios of a node decide on average, of what this rank's scenarios share."""
        found = {}
        for scenario in self.local_scenarios.values():
            averages = scenario._mpisppy_model.xbars
            for key, index in zip(self._keys(scenario), scenario._mpisppy_data.nonant_indices, strict=True):
                found[key] = float(averages[index].value)
        return found

    def solutions(self) -> dict[str, dict[DecisionKey, float]]:
        """What each scenario of this rank has decided last of what it shares and has itself."""
        return {
            self.tree.names[name]: self.parts[self.tree.names[name]].decided(each._solver_plugin.solved[0])
            for name, each in self.local_scenarios.items()
        }


class _Steered(Extension):  # type: ignore[misc]
    def pre_solve_loop(self) -> None:
        self.opt.solve_side_by_side()

    def post_iter0(self) -> None:
        self.opt.Compute_Xbar()
        self.opt.weights = self.opt.steer.proximal(self.opt)  # on all ranks at once, as they exchange what they have
        self.opt.steer.after(self.opt, 0)

    def enditer(self) -> None:
        self.opt.steer.after(self.opt, self.opt._PHIter)


class _Never(Converger):  # type: ignore[misc]
    """Hedging ends when bounds meet or time is over, not when the scenarios agree: that alone proves nothing."""

    def is_converged(self) -> bool:
        return False


class _ToLog(io.TextIOBase):
    """A stream whose lines are log lines."""

    def __init__(self, log: logging.Logger) -> None:
        self._log = log
        self._rest = ""

    def write(self, text: str) -> int:
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._log.debug("mpi-sppy: %s", line.rstrip())
        return len(text)


@contextlib.contextmanager
def quietly(log: logging.Logger) -> Iterator[None]:
    """Takes standard output over while mpi-sppy is imported and runs; a handler of its own that prints is taken off."""
    with contextlib.redirect_stdout(_ToLog(log)):
        import mpisppy.log

        for handler in list(mpisppy.log.logger.handlers):
            mpisppy.log.logger.removeHandler(handler)
        mpisppy.tt_timer.logger, mpisppy.tt_timer.level, mpisppy.tt_timer.ostream = log, logging.DEBUG, None
        yield
