"""`planner batch --rolling`: month by month re-planning against what really happened, and what myopia costs.

`steps` plans each month and keeps what it decided, `records` is how that survives an end at any moment,
`hindsight` holds all decisions against what happened and against the plan of one who knew; `report` tells it.
"""
