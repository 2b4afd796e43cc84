"""Family 07: security practice that services ignore."""
