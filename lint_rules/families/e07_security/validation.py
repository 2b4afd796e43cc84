"""What files say about the validation of request bodies: who uses fields as they come, and who validates them.

Taken file by file in both languages; `unvalidated_input.py` puts it together, since routes, schemas and handlers stand
in different files of most services.
"""

from __future__ import annotations

import re

from msgspec import Struct

from lint_rules.languages.searching import AnyCase
from lint_rules.model import Notes, Span

USE, GUARDED, EVERYWHERE, VALIDATES, APPLICATION = "use", "guarded", "everywhere", "validates", "application"


class BodyNote(Struct, frozen=True, array_like=True):
    """One thing that a file says about bodies.

    `kind`: "use" (a handler stores or passes on fields that nothing in it has validated), "guarded" (validation is
    registered in front of a handler), "everywhere" (in front of all handlers), "validates" (a function checks what it
    is given), "application" (a Nest application is made here). `symbol` is the function; of a use, `fields` are the
    names, empty for the whole body, `called` what they are passed to as written, `callee` its symbol; `is_store` says
    that the call is known to store; `is_typed` that the body's class may bring its validation.
    """

    kind: str
    symbol: str = ""
    span: Span | None = None
    fields: tuple[str, ...] = ()
    called: str = ""
    callee: str = ""
    is_store: bool = True
    is_typed: bool = False


BODIES = Notes("request-bodies", BodyNote)

STORING = re.compile(
    r"^(?:create|add|insert|save|store|update|upsert|replace|register|sign_?up|submit|place|book|publish|send|enqueue"
    r"|write|append|record|process|import|persist|post|put|patch|edit|change|rename|comment|subscribe|schedule|dispatch"
    r"|checkout|order|transfer|pay|charge|reserve|invite|bulk|batch|push|unshift|hset|hmset|lpush|rpush|xadd|setex|set"
    r"|findByIdAndUpdate|findOneAndUpdate|findOneAndReplace|findOrCreate|merge|apply_async|delay|produce)"
    r"(?:$|_|[A-Z]|One$|Many$)"
)
"""Calls that keep what they are given, or hand it to a part of the service that does."""

IN_PLACE = frozenset(
    {"push", "unshift", "set", "add", "append", "put", "insert", "update", "write", "send", "setdefault"}
)
"""Those that also fill lists, maps and requests which are gone when the handler ends."""

QUERYING = frozenset(
    {"query", "execute", "run", "exec", "raw", "executemany", "fetchrow", "fetch", "one", "none", "any"}
)
WRITING = re.compile(r"^\W*(?:insert|update|replace|merge|call|upsert|with\b.*\binsert)\b", re.IGNORECASE | re.DOTALL)

_PARSERS_OF_TEXT = (
    "JSON",
    "JSON5",
    "url",
    "qs",
    "querystring",
    "path",
    "Date",
    "cookie",
    "yaml",
    "csv",
    "marked",
    "semver",
)
_NOT_OF_THOSE = "".join(rf"(?<!\b{name.lower()}\.)" for name in _PARSERS_OF_TEXT)
# Without letters in front of its choices an expression is slow, so boundaries stand behind the first letter.
VALIDATING = AnyCase(
    r"valid|schema|serializer|celebrate|j(?<=\bj)oi\b|z(?<=\bz)(?:od\b|\.)|yup|a(?<=\ba)(?:jv|ssert)|sanit|superstruct"
    r"|e(?<=\be)nsure|typebox|cerberus|pydantic|marshmallow|webargs|_form\b|form\(|dto\b|whitelist|allowlist"
    r"|requir(?:ed?|ing)_?(?:body|fields?|keys|params|props)|check_?(?:body|fields|input|payload)"
    rf"|\.{_NOT_OF_THOSE}(?:safep|p)arse(?:async)?\("
)
"""Words of code that validates what it is given."""
