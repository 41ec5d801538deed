"""`planner stress`: a plan's decisions tested on futures that it was not made for.

`samples` draws those courses, `trial` decides what is left to decide in each, `figures` says what that tells of the
whole; `page`, `tables` and `heat_map` draw it, `command` is the run from files to files.
"""
