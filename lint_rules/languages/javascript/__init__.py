"""JavaScript and TypeScript: syntax, scopes, names, libraries. Knows no rule."""
