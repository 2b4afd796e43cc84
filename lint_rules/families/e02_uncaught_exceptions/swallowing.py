"""Handlers of JavaScript that give an error up without a word: `catch {}`, `.catch(() => {})`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from tree_sitter import Node

from lint_rules.families.e02_uncaught_exceptions.attempted import Attempt, is_optional
from lint_rules.families.e02_uncaught_exceptions.made_up import handles_its_errors, is_counted, returns_next
from lint_rules.families.e02_uncaught_exceptions.reasons import is_reason
from lint_rules.languages.javascript.grammar import arguments, bare, callee, first_named, named, text
from lint_rules.languages.javascript.usage import reads_of
from lint_rules.languages.tables import read_table
from lint_rules.languages.wording import words
from lint_rules.model import Span

if TYPE_CHECKING:
    from lint_rules.languages.javascript.file import JavaScriptFile

_EXCUSED = read_table(Path(__file__).parent / "swallowed_javascript.toml")["excused"]
_NAMES, _FUNCTIONS = frozenset(_EXCUSED["names"]), frozenset(_EXCUSED["functions"])
_QUESTIONS = frozenset(_EXCUSED["questions"])
_CONSTANTS = frozenset({"null", "undefined", "true", "false", "number", "string"})
_LEAVES = frozenset({"return_statement", "break_statement", "continue_statement"})
_NOTHING = frozenset({"noop", "_.noop", "lodash.noop", "Function.prototype", "() => {}"})


def swallowing_clause(clause: Node, file: JavaScriptFile) -> Span | None:
    """The head of a `catch` clause that swallows what it catches, None if it does not, or may."""
    body, attempt = clause.child_by_field_name("body"), clause.parent
    tried = attempt.child_by_field_name("body") if attempt is not None else None
    if body is None or attempt is None or tried is None:
        return None
    statements = named(body)
    if not all(_is_idle(statement) for statement in statements):
        return None
    parameter = clause.child_by_field_name("parameter")
    if parameter is not None and not _NAMES.isdisjoint(words(text(parameter))):
        return None
    if _explained(file, attempt, clause) or _is_beside_the_point(clause, statements, file):
        return None
    if _succeeds_otherwise(attempt, tried, statements) or is_counted(attempt, tried, file):
        return None
    what = Attempt(tried, file)
    if _loads_module(tried):
        return None
    if what.is_harmless or not what.acts or is_optional(file, clause):
        return None
    return file.source.span(clause.start_byte, body.start_byte + 1 if not statements else body.start_byte)


def swallowing_catch(call: Node, file: JavaScriptFile) -> Span | None:
    """`.catch(() => {})` of a chain, from `catch` on; None if it does not swallow, or may."""
    function = callee(call)
    last = function.child_by_field_name("property") if function is not None else None
    receiver = function.child_by_field_name("object") if function is not None else None
    if last is None or receiver is None or text(last) not in ("catch", "then"):
        return None
    given = arguments(call)
    place = 0 if text(last) == "catch" else 1
    if len(given) != place + 1 or not _gives_up(bare(given[place])):
        return None
    constant = _constant(bare(given[place]))
    receiver = bare(receiver)
    statement = file.statement(call)
    if _explained(file, statement, call) or _is_beside_the_point(call, [], file):
        return None
    leaving = returns_next(statement) if constant else None
    if constant and (_fails_next(statement) or (leaving is not None and _goes_on(leaving))):
        return None
    if constant in ("true", "false") and _answers(receiver, file):
        return None
    if receiver.type == "identifier":
        found = file.scopes.binding(text(receiver), receiver.start_byte)
        if found is None or len(list(reads_of(text(receiver), found[0], found[1][0], file))) != 1:
            return None  # it is awaited elsewhere; this only keeps the process alive
    else:
        is_made_here = receiver.type in ("call_expression", "new_expression")
        if not is_made_here or Attempt(receiver, file).is_harmless or is_optional(file, call):
            return None
        if handles_its_errors(receiver, file):
            return None
    return file.source.span(last.start_byte, call.end_byte)


def _gives_up(callback: Node) -> bool:
    """Whether a function does nothing and gives a constant at most."""
    if callback.type in ("identifier", "member_expression"):
        return text(callback) in _NOTHING
    if callback.type not in ("arrow_function", "function_expression"):
        return False
    parameter = callback.child_by_field_name("parameter") or callback.child_by_field_name("parameters")
    if parameter is not None and not _NAMES.isdisjoint(words(text(parameter))):
        return False
    body = callback.child_by_field_name("body")
    if body is None:
        return False
    return all(map(_is_idle, named(body))) if body.type == "statement_block" else _is_constant(body)


def _constant(callback: Node) -> str:
    body = callback.child_by_field_name("body")
    if body is not None and body.type == "statement_block":
        statements = named(body)
        body = first_named(statements[0]) if len(statements) == 1 else None
    return text(bare(body)) if body is not None else ""


def _is_idle(statement: Node) -> bool:
    if statement.type == "empty_statement":
        return True
    if statement.type not in _LEAVES:
        return False
    value = first_named(statement) if statement.type == "return_statement" else None
    return value is None or _is_constant(value)


def _is_constant(value: Node) -> bool:
    value = bare(value)
    if value.type in _CONSTANTS:
        return True
    if value.type == "unary_expression":
        inner = value.child_by_field_name("argument")
        return inner is not None and inner.type in _CONSTANTS
    return value.type in ("array", "object") and not named(value)


def _explained(file: JavaScriptFile, around: Node, handler: Node) -> bool:
    """Whether a comment in a handler, at its end or directly above says why."""
    end = file.data.find(b"\n", handler.end_byte)
    end = len(file.data) if end < 0 else end
    start = handler.start_byte if handler.type == "catch_clause" else around.start_byte
    comments = list(file.comments_between(start, end))
    before = around.prev_named_sibling
    row = around.start_point[0]
    while before is not None and before.type == "comment" and before.end_point[0] == row - 1:
        line = file.data.rfind(b"\n", 0, before.start_byte) + 1
        if file.data[line : before.start_byte].strip():
            break  # it belongs to the code in front of it
        comments.append(before)
        row, before = before.start_point[0], before.prev_named_sibling
    if handler.type == "catch_clause" and (tried := around.child_by_field_name("body")) is not None:
        comments.extend(one for one in file.comments_between(tried.end_byte, handler.start_byte))
    return any(_says_why(text(comment)) for comment in comments)


def _says_why(comment: str) -> bool:
    said = comment.strip("/* \n\t")
    return any(mark in said for mark in _EXCUSED["comments"]) or is_reason(f"# {' '.join(said.split())}")


def _is_beside_the_point(handler: Node, statements: list[Node], file: JavaScriptFile) -> bool:
    """Whether it stands where an error is handled already, or in a function that is there not to fail, or to ask."""
    for outer in file.enclosing(handler):
        if outer.type in ("catch_clause", "finally_clause") and outer.id != handler.id:
            return True
        if file.scopes.of(outer) is not None:
            break
    function = file.enclosing_function(handler)
    while function is not None and function.is_anonymous:
        function = function.parent.function if function.parent is not None else None
    if function is None:
        return False
    own = words(function.name.rpartition(".")[2])
    if not own.isdisjoint(_FUNCTIONS):
        return True
    return bool(statements) and not own.isdisjoint(_QUESTIONS)


def _loads_module(tried: Node) -> bool:
    """Whether what is tried begins with loading a module that may not be there, and only sets it up."""
    statements = named(tried)
    loading = re.match(
        r"(?:(?:const|let|var)\s)?[\w$.{},:\s]+=\s*(?:require|await import)\(\s*[\"'`]", text(statements[0])
    )
    return loading is not None and len(statements) <= _FEW and not any("await " in text(one) for one in statements[1:])


_FEW = 4


def _succeeds_otherwise(attempt: Node, tried: Node, statements: list[Node]) -> bool:
    """Success has left in the `try`, so what follows is another way; or a flag at its end says whether it went well."""
    inner = named(tried)
    last = inner[-1] if inner else None
    if last is None:
        return True
    if last.type == "expression_statement" and len(inner) > 1:
        assignment = first_named(last)
        right = assignment.child_by_field_name("right") if assignment is not None else None
        if right is not None and right.type in ("true", "false"):
            return True
    if statements and statements[-1].type == "return_statement":
        return False
    if _fails_next(attempt):
        return True
    if last.type not in _LEAVES and not _has_return(last):
        return False
    return _goes_on(attempt)


def _fails_next(statement: Node) -> bool:
    """Whether what comes next throws where there is no value: `if (!column) throw ...`."""
    following = statement.next_named_sibling
    while following is not None and following.type == "comment":
        following = following.next_named_sibling
    return following is not None and following.type == "if_statement" and b"throw " in (following.text or b"")


def _has_return(statement: Node) -> bool:
    return statement.type == "if_statement" and any(
        b"return" in (one.text or b"") for one in named(statement.child_by_field_name("consequence"))
    )


def _goes_on(attempt: Node) -> bool:
    """Whether anything but the end of the function follows a `try` statement: another attempt, an error, a round."""
    current: Node | None = attempt
    while current is not None:
        if current.type in ("for_statement", "for_in_statement", "while_statement", "do_statement"):
            return True
        following = current.next_named_sibling
        while following is not None and following.type == "comment":
            following = following.next_named_sibling
        if following is not None and current.type.endswith("statement"):
            return not _is_idle(following)
        current = current.parent
        if current is None or current.type in (
            "arrow_function",
            "function_declaration",
            "method_definition",
            "program",
        ):
            return False
    return False


def _answers(receiver: Node, file: JavaScriptFile) -> bool:
    """Whether a chain asks a question: `stat(path).then(() => true)`."""
    function = callee(receiver) if receiver.type == "call_expression" else None
    last = function.child_by_field_name("property") or function if function is not None else None
    return last is not None and (text(last) == "then" or not words(text(last)).isdisjoint(_QUESTIONS))
