"""Questions asked of a plan by solving again: marginal values, offer values, alternatives, repairs, comparisons."""
