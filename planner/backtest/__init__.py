"""`planner batch --rolling`: a rolling-horizon backtest, planned month by month, and what the lack of foresight costs.

`steps` plans each month and keeps what it decided, `records` is how that survives an end at any moment,
`hindsight` holds all decisions against what happened and against the plan of one who knew; `report` tells it.
"""
