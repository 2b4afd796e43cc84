"""The rules, one package per family, one file per rule."""
