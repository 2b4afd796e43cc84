import aiosmtplib


async def send_receipt(address: str) -> None:
    await aiosmtplib.send("Thank you", sender="orders@example.com", recipients=[address])
