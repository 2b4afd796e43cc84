"""Family 09: hardcoded secrets and configuration."""
