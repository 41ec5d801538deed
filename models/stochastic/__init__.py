"""Deciding under uncertainty: scenarios that share the decisions taken before they can be told apart.

`tree` says which scenarios those are in each month, `extensive` joins their models into one, `risk` says what of
their costs is minimised, `outcome` holds what came out. Each scenario is an ordinary problem: the terms of the
model know nothing of the others.
"""
