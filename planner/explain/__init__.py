"""`planner explain`: marginal values, the value and break-even price of every offer, sensitivity to factors.

`offers` solves again with each offer forced in or left out, `breakeven` searches for the price at which the decision
about it changes, `sensitivity` solves along a range of a factor. Marginal values, and what to change in a workbook
without a feasible plan, are worked out in `planner.analysis`. `searches` shares the time and what is known,
`kept_problems` builds each problem once, `better_plan` is a plan found on the way that costs less. `run` is one
explanation from files to files. What is told is in `words`, `tables`, `document` and `sensitivity_tables`; `report` and
`sensitivity_report` draw it.
"""
