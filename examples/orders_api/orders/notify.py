"""Telling people about their orders."""

import asyncio
import logging
import smtplib

log = logging.getLogger(__name__)


async def send_receipt(address: str, order_id: int) -> None:
    with smtplib.SMTP("mail.internal", timeout=10) as mail:
        mail.sendmail("orders@example.com", [address], f"Your order {order_id}")


async def announce(queue: asyncio.Queue, order_id: int) -> None:
    try:
        await queue.put(order_id)
    except BaseException:
        log.warning("order %s was not announced", order_id)


async def confirm(address: str, order_id: int) -> None:
    try:
        send_receipt(address, order_id)
    except Exception:
        pass
