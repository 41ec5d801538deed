"""Batches: many plans from one file or folder, in parallel, unattended, resumable."""
