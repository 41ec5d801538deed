"""Files: read with care, written whole or not at all, locked; where the outputs of a run go."""
