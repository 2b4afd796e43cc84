"""Family 05: two responses to one request, and none."""
