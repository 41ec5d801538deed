"""Datasets and models changed on purpose: an offer left out or forced, a factor, a rule relaxed, a distance."""
