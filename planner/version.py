"""The version of the planner, as written into what it makes; that of the package is read here too."""

__version__ = "0.1.0"
