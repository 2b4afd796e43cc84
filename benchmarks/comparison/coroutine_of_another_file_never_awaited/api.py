from fastapi import FastAPI
from mail import send_receipt

app = FastAPI()


@app.post("/orders")
async def create(address: str) -> dict:
    send_receipt(address)  # defect
    return {"accepted": True}
