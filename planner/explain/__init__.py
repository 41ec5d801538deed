"""Explains a plan: what one more of everything is worth, what every offer would have to cost, what holds it back.

`marginal` reads the duals of the model with its decisions held; `offers` solves again with each offer forced
in or left out and looks for the price at which it changes sides; `vary` solves along a range of a factor;
`repairs` says what to change in a workbook that admits no plan. `command` runs them, `write` lays them out.
"""
