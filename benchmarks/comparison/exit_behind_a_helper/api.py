from fastapi import FastAPI
from settings import currency

app = FastAPI()


@app.get("/rates/{code}")
async def rate(code: str) -> dict:
    return {"rate": currency(code)}  # defect
