"""One run, from a workbook to a plan.

`solve.solve_dataset` is the run without its surroundings: a Dataset and options in, a RunResult out; it prints nothing,
takes over no signal and writes no file. `command.run` is what `planner solve` does around it: it reads the workbook,
listens to Ctrl-C, and publishes what was found (`publish`).
"""
