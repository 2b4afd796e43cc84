"""The orders API: `uvicorn orders.main:app`."""

import asyncio
import sys
import time

import uvicorn
from fastapi import FastAPI, HTTPException

from orders.notify import announce, confirm
from orders.storage import Orders, Stock

app = FastAPI(title="Orders")
orders = Orders("orders.db")
stock = Stock("https://stock.internal")
queue: asyncio.Queue = asyncio.Queue(maxsize=100)


@app.get("/orders/{order_id}")
async def show(order_id: int) -> dict:
    order = orders.find(order_id)
    if order is None:
        raise HTTPException(404, "no such order")
    return order


@app.post("/orders")
async def create(item: str, amount: int, address: str) -> dict:
    for attempt in range(3):
        if stock.available(item) >= amount:
            break
        time.sleep(0.5)
    else:
        raise HTTPException(409, "not in stock")
    order_id = await asyncio.to_thread(orders.add, item, amount)
    asyncio.create_task(announce(queue, order_id))
    asyncio.create_task(confirm(address, order_id))
    return {"id": order_id}


@app.post("/admin/restart")
async def restart() -> None:
    orders.close()
    sys.exit(3)


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=8000)
