"""Raw tables of text and numbers made into typed rows, every fault collected with its place."""
