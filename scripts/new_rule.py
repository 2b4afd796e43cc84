"""Write the skeleton of a rule: its file with the headings of its page, and a fixture project.

    python scripts/new_rule.py TEN0110 name-of-the-bad-pattern

The skeleton fails the tests until it is filled in; nothing that exists is overwritten.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent

RULE_FILE = '''"""{title}.

What it finds: ...

Why it matters: ...

Bad (python):

    ...

Good (python):

    ...

How to fix it: ...

Not seen: ...
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from lint_rules.languages.python.selectors import Nodes
from lint_rules.model import WARNING, Finding, Rule

if TYPE_CHECKING:
    import libcst as cst

    from lint_rules.languages.python.file import PythonFile

RULE = Rule(
    "{code}",
    "{name}",
    severity=WARNING,
    summary="...",
    default=False,
)


@RULE.python(Nodes(("While",), words=(b"while",)))
def check_python(loop: cst.While, file: PythonFile) -> Iterator[Finding]:
    yield RULE.at(file, loop, "what is wrong; what to do", "How to do it, in a sentence")
'''

FIXTURE_FILE = '''"""A service with the error, and with code that only looks like it."""

# Write the bad code here, each line that must be reported marked with:  expect: {code}


# Look-alikes: write the code that resembles the error and is right.
'''


def main() -> int:
    if len(sys.argv) != 3 or not re.fullmatch(r"TEN\d{4}", sys.argv[1]) or not re.fullmatch(r"[a-z0-9-]+", sys.argv[2]):
        print("usage: python scripts/new_rule.py TEN0110 name-of-the-bad-pattern", file=sys.stderr)
        return 2
    code, name = sys.argv[1:]
    families = sorted((ROOT / "lint_rules" / "families").glob(f"e{code[3:5]}_*"))
    if not families:
        print(f"there is no family {code[3:5]}: lint_rules/families/e{code[3:5]}_... is missing", file=sys.stderr)
        return 2
    if any(code in path.read_text() for path in families[0].glob("*.py")):
        print(f"{code} is taken", file=sys.stderr)
        return 2
    module = name.replace("-", "_")
    rule_file = families[0] / f"{module}.py"
    fixture_file = ROOT / "fixtures" / code / "service" / "service.py"
    for path, content in (
        (rule_file, RULE_FILE.format(title=name.replace("-", " ").capitalize(), code=code, name=name)),
        (fixture_file, FIXTURE_FILE.format(code=code)),
    ):
        if path.exists():
            print(f"{path} is there already", file=sys.stderr)
            return 2
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content)
        print(path.relative_to(ROOT))
    return 0


if __name__ == "__main__":
    sys.exit(main())
