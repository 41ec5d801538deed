"""The application around the model: files, solver, processes, people."""

__version__ = "0.1.0"
