"""Options of the commands: those that commands share, and the forms of their values."""
