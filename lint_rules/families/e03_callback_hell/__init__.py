"""Family 03: callbacks where the language has await."""
