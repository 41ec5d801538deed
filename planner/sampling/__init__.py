"""`planner scenarios`: scenarios sampled from what is known of the future, reduced to a few."""
