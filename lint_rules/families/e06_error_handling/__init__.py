"""Family 06: errors that are answered, forwarded and reported inconsistently."""
