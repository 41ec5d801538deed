"""What starts a batch on a calendar, a format a file."""
