"""Stochastic programming: the best plan for all scenarios, by the extensive form or decomposition, EVPI and VSS."""
