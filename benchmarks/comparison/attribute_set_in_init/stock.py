import requests


class Stock:
    def __init__(self, url: str) -> None:
        self.url = url
        self.session = requests.Session()

    async def amount(self, item: str) -> int:
        return int(self.session.get(f"{self.url}/{item}", timeout=5).text)  # defect
