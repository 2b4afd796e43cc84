"""Launcher for a checkout: `python cli.py check .`; an installed tenlint starts in lint_rules.app."""

from lint_rules.app import main

if __name__ == "__main__":
    main()
