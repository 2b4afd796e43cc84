"""Modules that are not found: undeclared, misspelt, gone."""
