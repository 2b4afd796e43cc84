"""Family 04: what a service takes and does not give back."""
