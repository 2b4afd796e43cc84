from client import fetch


def price_of(item: str) -> float:
    return float(fetch(f"/prices/{item}")["price"])
