"""Where jobs run: a process each, started by a fork server, or on a Dask cluster."""
