"""Family 01: work that blocks the event loop."""
