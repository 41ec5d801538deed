"""Solving workbooks with scenarios: each alone, all together, and what deciding under uncertainty is worth."""
