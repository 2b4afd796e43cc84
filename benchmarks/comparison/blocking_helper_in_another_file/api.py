from fastapi import FastAPI
from pricing import price_of

app = FastAPI()


@app.get("/prices/{item}")
async def price(item: str) -> float:
    return price_of(item)  # defect
