"""Protection against forged requests is switched off.

What it finds: `csrf_exempt` on views that use the session, `WTF_CSRF_ENABLED = False`, `csrf.exempt`, Django's
middleware without `CsrfViewMiddleware`, a session cookie with `SameSite=None` in a service without CSRF tokens,
`csrfPrevention: false` of Apollo.

Why it matters: another site sends a form with the user's cookie, and the service takes it for the user's wish.

Bad (python):

    from django.http import JsonResponse
    from django.views.decorators.csrf import csrf_exempt

    @csrf_exempt
    def change_email(request):
        request.user.email = request.POST["email"]
        request.user.save()
        return JsonResponse({})

Good (python):

    from django.http import JsonResponse

    def change_email(request):
        request.user.email = request.POST["email"]
        request.user.save()
        return JsonResponse({})

Bad (javascript):

    const express = require("express");
    const session = require("express-session");

    const app = express();
    app.use(session({ secret: process.env.SECRET, cookie: { secure: true, sameSite: "none" } }));

Good (javascript):

    const express = require("express");
    const session = require("express-session");

    const app = express();
    app.use(session({ secret: process.env.SECRET, cookie: { secure: true, sameSite: "lax" } }));

How to fix it: leave the protection on and send the token along; exempt only views that authenticate by a signature or a
token in a header.

Not seen: services that never had a protection. Quiet about webhooks and views that look at a signature, a token or a
header themselves.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e07_security.circumstances import (
    in_development_branch,
    is_for_development,
    is_for_show,
    short,
    source,
)  # fmt: skip
from lint_rules.families.e07_security.weaknesses import references
from lint_rules.languages.whole_file import WholeFile
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile
    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "TEN0720",
    "csrf-disabled",
    severity=WARNING,
    summary="The protection against forged requests is switched off",
    in_tests=False,
    references=references("TEN0720"),
)

_PYTHON = re.compile(rb"csrf|WTF_CSRF|MIDDLEWARE")
_JAVASCRIPT = re.compile(rb"[sS]ame[sS]ite|csrfPrevention")
_AUTHENTICATES = re.compile(
    r"webhook|hook\b|signature|hmac|compare_digest|construct_event|verify|[aA]uthorization|HTTP_X_|bearer|api_?key|secret"
    r"|callback|token|oauth|saml|graphql|scim|health|metrics|authenticate|APIView|rest_framework|oidc|lti",
    re.IGNORECASE,
)
_SUGGESTION = "leave the protection on, or authenticate by a signature or a token in a header"


@RULE.files(WholeFile(_PYTHON), "python")
def check_python(file: PythonFile) -> Iterator[Finding]:
    if is_for_show(file) or is_for_development(file):
        return
    for place, wrong in (*_exempted(file), *_settings(file)):
        if not in_development_branch(place):
            yield RULE.at(file, place, wrong, _SUGGESTION)


def _exempted(file: PythonFile) -> Iterator[tuple[Node, str]]:
    from lint_rules.families.e07_security.reading_python import called_name

    instead = "leave the protection on"
    for decorator in file.nodes("decorator"):
        definition = decorator.parent
        expression = decorator.named_children[0] if decorator.named_children else None
        if (
            definition is None
            or expression is None
            or "exempt" not in source(decorator)
            or file.in_broken_code(decorator)
        ):
            continue
        is_django = "csrf_exempt" in source(expression)
        is_flask = re.fullmatch(r"csrf\w*\.exempt", source(expression)) is not None
        if (is_django or is_flask) and not _AUTHENTICATES.search(source(definition).replace("csrf_token", "")):
            inner = definition.child_by_field_name("definition")
            name = inner.child_by_field_name("name") if inner is not None else None
            shown = source(name) if name is not None else "the view"
            yield decorator, f"`{shown}` takes requests that other sites forge; {instead}"
    for call in file.nodes("call"):
        function = call.child_by_field_name("function")
        written = source(function) if function is not None else ""
        if called_name(call) not in ("exempt", "csrf_exempt") or file.in_broken_code(call):
            continue
        if call.parent is None or call.parent.type == "decorator" or _AUTHENTICATES.search(source(call)):
            continue
        is_django = function is not None and file.canonical(function) == "django.views.decorators.csrf.csrf_exempt"
        if is_django or re.fullmatch(r"csrf\w*\.exempt", written):
            yield call, f"`{short(call)}` lets other sites forge requests; {instead}"


def _settings(file: PythonFile) -> Iterator[tuple[Node, str]]:
    from lint_rules.families.e07_security.reading_python import (
        assignments,
        configured,
        constant,
        is_django_settings,
        strings,
    )

    for name, place, value in configured(file):
        is_off = name == "WTF_CSRF_ENABLED" and constant(value, file) == "False"
        if is_off and not re.search(r"(?i)test", file.symbol_at(file.span(place))):
            yield place, f"`{name} = False` takes forms that other sites send; leave it on"
    for name, target, value in assignments(file):
        if name in ("WTF_CSRF_ENABLED", "WTF_CSRF_CHECK_DEFAULT") and constant(value, file) == "False":
            if name == "WTF_CSRF_CHECK_DEFAULT" and b".protect()" in file.data:
                continue  # the forms that need it are checked by hand
            if not re.search(r"(?i)test", file.symbol_at(file.span(target))):
                yield target.parent or target, f"`{name} = False` takes forms that other sites send; leave it on"
        elif name == "MIDDLEWARE" and is_django_settings(file) and value.type in ("list", "tuple"):
            given = strings(value)
            has_sessions = "django.contrib.auth.middleware.AuthenticationMiddleware" in given
            is_whole = all(child.type in ("string", "comment") for child in value.named_children)
            if has_sessions and is_whole and not any("csrf" in one.lower() for one in given):
                yield target, "`MIDDLEWARE` has sessions without `CsrfViewMiddleware`; add it behind the sessions"


@RULE.files(WholeFile(_JAVASCRIPT), "javascript")
def check_javascript(file: JavaScriptFile) -> Iterator[Finding]:
    from lint_rules.families.e07_security.reading_javascript import constant, key_name

    if is_for_show(file) or is_for_development(file) or file.is_declaration:
        return
    has_tokens = (
        re.search(rb"csrf|xsrf|lusca|csurf", file.data.replace(b"csrfPrevention", b""), re.IGNORECASE) is not None
    )
    for pair in file.nodes("pair"):
        key, value = pair.child_by_field_name("key"), pair.child_by_field_name("value")
        if key is None or value is None or file.in_broken_code(pair) or in_development_branch(pair):
            continue
        name, given = key_name(key), constant(value, file).lower()
        if name == "csrfPrevention" and given == "false":
            yield RULE.at(file, pair, f"`{short(pair)}` lets other sites forge requests; leave it on", _SUGGESTION)
        elif name.lower() == "samesite" and given == "none" and not has_tokens and _is_of_session(pair):
            wrong = f"`{short(pair)}` sends the session with the requests of other sites"
            yield RULE.at(file, pair, f"{wrong}; use `lax`, or a CSRF token", _SUGGESTION)


def _is_of_session(pair: Node) -> bool:
    """Whether an option stands in the call that sets up sessions, or that sends a session's cookie."""
    outer = pair.parent
    while outer is not None and outer.type not in ("expression_statement", "statement_block", "lexical_declaration"):
        if outer.type in ("call_expression", "new_expression"):
            return re.search(r"session|token|auth|sid\b", source(outer)[:120], re.IGNORECASE) is not None
        outer = outer.parent
    return False
