"""Terms of the model that hold across offers: caps, rules, plan stability."""
