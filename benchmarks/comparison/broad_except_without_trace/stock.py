def amount(store, item: str) -> int:
    try:
        return store.amount(item)
    except Exception:  # defect
        return 0
