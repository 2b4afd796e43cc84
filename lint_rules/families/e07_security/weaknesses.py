"""The references of the family's rules: the weakness (CWE) and the chapter of the OWASP Top Ten, from a table."""

from __future__ import annotations

from pathlib import Path

from lint_rules.languages.tables import read_table

FOLDER = Path(__file__).parent
_TABLE = FOLDER / "weaknesses.toml"


def references(code: str) -> dict[str, str]:
    """What a rule refers to, name to address: `{"CWE-295": "https://...", "OWASP A07:2021": "https://..."}`."""
    row = read_table(_TABLE)[code]
    chapters = read_table(_TABLE)["chapters"]
    found = {f"CWE-{number}": f"https://cwe.mitre.org/data/definitions/{number}.html" for number in row["cwe"]}
    found[f"OWASP {row['owasp']}"] = f"https://owasp.org/Top10/{chapters[row['owasp']]}/"
    return found
