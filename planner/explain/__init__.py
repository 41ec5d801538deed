"""Explains a plan: what one more of everything is worth, what every offer would have to cost, what holds it back.

`offers` solves again with each offer forced in or left out, `breakeven` looks for the price at which it changes
sides, `sensitivity` solves along a range of a factor. Marginal values and what to change in a workbook that admits no
plan are worked out in `planner.analysis`. `command` runs them, `report` lays them out.
"""
