"""The engine: discover, index, inspect, link, and what surrounds them. Knows no rule by name."""
