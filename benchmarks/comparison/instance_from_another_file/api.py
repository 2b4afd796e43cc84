from fastapi import FastAPI
from storage import connection

app = FastAPI()


@app.get("/orders/{order_id}")
async def order(order_id: int) -> list:
    return list(connection.execute("select * from orders where id = ?", (order_id,)))  # defect
