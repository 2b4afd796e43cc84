"""Orders in a SQLite file, and the stock that another service knows."""

import logging
import sqlite3

import requests

log = logging.getLogger(__name__)


class Orders:
    def __init__(self, path: str) -> None:
        self.path = path
        self.connection = sqlite3.connect(path, check_same_thread=False)

    def find(self, order_id: int) -> dict | None:
        row = self.connection.execute("select id, item, amount from orders where id = ?", (order_id,)).fetchone()
        return {"id": row[0], "item": row[1], "amount": row[2]} if row else None

    def add(self, item: str, amount: int) -> int:
        cursor = self.connection.execute("insert into orders (item, amount) values (?, ?)", (item, amount))
        self.connection.commit()
        return cursor.lastrowid or 0

    def close(self) -> None:
        try:
            self.connection.close()
        except sqlite3.ProgrammingError:
            log.debug("already closed")


class Stock:
    def __init__(self, base_url: str) -> None:
        self.base_url = base_url

    def _fetch(self, path: str) -> dict:
        response = requests.get(self.base_url + path, timeout=5)
        response.raise_for_status()
        return response.json()

    def available(self, item: str) -> int:
        return int(self._fetch(f"/items/{item}")["available"])
