"""Terms of the model that use capacity: demand, usage limits, where work runs, what is served."""
