"""Batches on a calendar: ready files for the schedulers people have, and one of our own for those who have none."""
