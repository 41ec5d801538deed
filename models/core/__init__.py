"""What every term of the model stands on: variables and rows, the two ledgers, scaling, the compiled arrays."""
