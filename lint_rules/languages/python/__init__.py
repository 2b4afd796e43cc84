"""All that is known of Python: grammar, scopes, names, libraries, frameworks."""
