"""A defect of a family that tenlint has no rules for yet."""


def orders_of(connection, customer: str) -> list:
    return list(connection.execute(f"select * from orders where customer = '{customer}'"))  # defect
