"""Which literal arguments of a server or client are configuration: the judgement that all languages share."""

from __future__ import annotations

import re

from msgspec import Struct

_ALL_INTERFACES = frozenset({"0.0.0.0", "::", "[::]", "", "*"})
_LOOPBACK = frozenset({"127.0.0.1", "localhost", "::1"})
# fmt: off
_STANDARD_PORTS = frozenset({
    "80", "443", "25", "465", "587", "110", "143", "993", "995", "21", "22", "5432", "3306", "1433", "1521", "6379",
    "27017", "5672", "5671", "9200", "9092", "11211", "1883", "8883", "4222", "2181",
})
# fmt: on
_URL = re.compile(r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:[^@/\s]*@)?(?P<host>[^/:?\s]*)")
_OWN_HOST = re.compile(
    r"^(?:localhost|127\.|10\.|192\.168\.|172\.(?:1[6-9]|2\d|3[01])\.|0\.0\.0\.0|host\.docker\.internal|\[?::1)"
    r"|\.(?:internal|local|lan|corp|intra|svc|cluster\.local|home|private)$|^[a-z][a-z0-9_-]*$"
)
# One address for everybody: what such a provider documents is the same in every deployment.
_PUBLIC_HOST = re.compile(
    r"(?:^|[.])(?:github|gitlab|bitbucket|googleapis|google|openai|anthropic|stripe|paypal|slack|discord|discordapp|telegram"
    r"|twilio|sendgrid|mailgun|mailchimp|facebook|instagram|whatsapp|twitter|x|linkedin|spotify|dropbox|notion|airtable"
    r"|cloudflare|digitalocean|microsoft|microsoftonline|azure|amazonaws|amazon|apple|huggingface|mistral|cohere|groq"
    r"|deepseek|npmjs|pypi|docker|wikipedia|openweathermap|openstreetmap|coingecko|binance|coinbase|atlassian|zoom|intercom"
    r"|segment|mixpanel|sentry|datadoghq|pagerduty|okta|auth0|algolia|mapbox|shopify|hubspot|salesforce|steampowered|reddit"
    r"|twitch|youtube|vimeo|trello|asana|figma|linear|openrouter|replicate|elevenlabs|perplexity|themoviedb)[.][a-z.]+$"
)
_IN_MEMORY = ("sqlite", "memory", "fakeredis", "test", "mock", "file", "unix", "duckdb")


_WHOLE_HOST = re.compile(r"[a-z][a-z0-9+.-]*://[^@/\s{}$]+/")


def before_slot(prefix: str) -> str | None:
    """What a text with slots says of where it leads: all before the first one, if that holds the whole host."""
    return prefix if _WHOLE_HOST.match(prefix) else None


class Given(Struct, frozen=True):
    """A literal argument: which one, what it is, its value, and its bytes (at a constant's definition too).

    `is_plain` says that the bytes are one literal that an edit can replace.
    """

    argument: str
    kind: str
    value: str
    start: int
    end: int
    is_number: bool
    is_plain: bool = True

    @property
    def is_standard(self) -> bool:
        """Whether it is the port that everybody expects."""
        return self.kind == "port" and self.value in _STANDARD_PORTS


def counts(given: Given, *, is_server: bool) -> bool:
    """Whether a literal differs from one deployment to the next; servers listen on loopback on purpose."""
    value = given.value
    if is_server and given.kind == "host" and value in _LOOPBACK:
        return False
    if given.kind == "port":
        return value.isdigit() and value != "0"
    if given.is_number:
        return False
    if given.kind == "host":
        found = _URL.match(value)
        return value not in _ALL_INTERFACES and not value.startswith("/") and (found is None or _is_own(found))
    if given.kind == "url":
        found = _URL.match(value)
        return found is not None and _is_own(found)
    if given.kind == "base-url":
        found = _URL.match(value)
        return found is not None and bool(found["host"]) and _PUBLIC_HOST.search(found["host"].lower()) is None
    return given.kind == "name" and bool(value) and value not in (":memory:", "postgres", "mysql")


def _is_own(url: re.Match[str]) -> bool:
    """Whether a URL leads to a host of one's own, and not to a file, to memory, or to a public service."""
    scheme, host = url["scheme"], url["host"]
    if scheme.startswith(_IN_MEMORY) or not host:
        return False
    return not scheme.startswith("http") or _OWN_HOST.search(host) is not None
