"""tenlint finds the ten errors that take backend services down."""

__version__ = "0.1.0"
