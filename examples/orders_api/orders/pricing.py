"""What an order costs. Everything here is as it should be."""

import asyncio
import hashlib

import httpx


async def price(client: httpx.AsyncClient, item: str) -> float:
    response = await client.get(f"/prices/{item}")
    response.raise_for_status()
    return float(response.json()["price"])


async def receipt_number(order_id: int, secret: bytes) -> str:
    digest = await asyncio.to_thread(hashlib.pbkdf2_hmac, "sha256", str(order_id).encode(), secret, 100_000)
    return digest.hex()[:16]
