import sys

RATES = {"EUR": 1.0}


def currency(code: str) -> float:
    if code not in RATES:
        sys.exit(f"unknown currency {code}")
    return RATES[code]
