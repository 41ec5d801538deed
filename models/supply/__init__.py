"""Terms of the model that bring capacity: leases, contracts, on-demand, the owned fleet, options, lease-outs."""
