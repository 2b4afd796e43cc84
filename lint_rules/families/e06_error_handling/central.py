"""Central error handlers: what registers one, and how each framework is told of one."""

from __future__ import annotations

import re
from functools import lru_cache
from pathlib import Path

from lint_rules.families.e06_error_handling.notes import Wiring
from lint_rules.families.e06_error_handling.services import Service
from lint_rules.languages.tables import read_table
from lint_rules.project.linked import Project

_BY_NAME = re.compile(
    r"(?:err(?:or)?s?_?-?(?:handl|middlew)|handle_?-?err|errorhandler|exception|celebrate|\berrors\(|sentry|boom|on_?error)",
    re.IGNORECASE,
)
_OF_ERRORS = 4


@lru_cache(maxsize=1)
def _handlers() -> dict[str, dict[str, str]]:
    return read_table(Path(__file__).parent / "central.toml")


def advice(body: str, service: Service, project: Project) -> str:
    """How the framework of a service is told once how errors are answered; "" for a framework that is not known."""
    named = {one.on.partition(".")[0].partition("/")[0].partition("(")[0] for _, one in service.apps}
    targets = " ".join(target for part in service.parts for target in part.module.aliases.values())
    rows = _handlers()[project.language]
    code = next((rows[name] for name in rows if name in named), None)
    if code is None:
        code = next((code for name, code in rows.items() if re.search(rf"(?<!\w){re.escape(name)}\b", targets)), "")
    return code.replace("{body}", body)


def takes_errors(use: Wiring, project: Project) -> bool:
    """Whether what an app uses is error middleware: it takes four parameters, or is called so and not known."""
    parameters = parameters_of(use, project)
    if parameters is not None:
        return len(parameters) == _OF_ERRORS
    return _BY_NAME.search(use.detail) is not None


def parameters_of(use: Wiring, project: Project) -> tuple[str, ...] | None:
    """The parameters of the function that an app uses; None where it is not known.

    One that is exported with a type of its own is known by its name: `export const onError: ErrorRequestHandler = ...`.
    """
    if not use.target or use.target.endswith("()"):
        return None
    reference = project.symbols.function(use.target)
    if reference is not None:
        return reference.function.parameters
    module, _, name = use.target.partition(".")
    facts = project.facts.get(module)
    function = facts.functions.get(name.removeprefix("<exports>.")) if facts is not None else None
    return function.parameters if function is not None else None
