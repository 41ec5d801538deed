"""The commands, a module each: options, request, run, what is printed."""
