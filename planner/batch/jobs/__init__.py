"""Jobs as files, folders, globs and job sheets state them."""
