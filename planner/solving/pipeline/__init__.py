"""The search for plans of large problems, in parts that share the best plan and the bound (`run.py` is their order)."""
