import asyncio

from fastapi import FastAPI

app = FastAPI()


async def send_receipt(address: str) -> None:
    await asyncio.sleep(1)


@app.post("/orders")
async def create(address: str) -> dict:
    asyncio.create_task(send_receipt(address))  # defect
    return {"accepted": True}
