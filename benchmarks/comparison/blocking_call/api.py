"""The plain case: a blocking call in an async function."""

import requests
from fastapi import FastAPI

app = FastAPI()


@app.get("/rates")
async def rates() -> dict:
    return requests.get("https://rates.internal", timeout=5).json()  # defect
