"""Stochastic programming: scenarios that share the decisions taken before they can be told apart.

Each scenario is an ordinary problem: the terms of the model know nothing of the others. `tree` says which scenarios
cannot be told apart in each month, `extensive_form` joins their models into one, `subproblem`, `benders` and `proximal`
take it apart, `risk` says what of their costs is minimised, `solution` holds what came out.
"""
