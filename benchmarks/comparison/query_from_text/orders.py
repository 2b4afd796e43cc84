"""A query made of text, by a function that no handler of the project calls."""


def orders_of(connection, customer: str) -> list:
    return list(connection.execute(f"select * from orders where customer = '{customer}'"))  # defect
