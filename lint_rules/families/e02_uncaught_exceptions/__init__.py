"""Family 02: exceptions that are swallowed, lost, or kill the process."""
