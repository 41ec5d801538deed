"""The workbook of a plan for all scenarios: the decision tree, each scenario's figures, the risk."""
