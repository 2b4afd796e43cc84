"""One package per language: syntax, names, packages. Knows no rule."""
