"""The public Python API: problems in, plans out, tables as pandas DataFrames. `planner` itself hands its names out."""
