"""Family 09 as a whole: all formats are found in ordinary code, look-alikes are not, and no report shows a secret."""

from __future__ import annotations

import json
import random
import re
import string
import subprocess
import sys
from pathlib import Path
from zlib import crc32

import pytest

from lint_rules.families.e09_secrets.formats import Format, formats, has_checksum, tokens

BASE62 = string.digits + string.ascii_uppercase + string.ascii_lowercase
PARSER = re._parser if hasattr(re, "_parser") else __import__("sre_parse")  # type: ignore[attr-defined]


def sample(pattern: str, source: random.Random) -> str:
    """A text that a pattern matches; knows the constructs that the table uses."""
    return _sampled(PARSER.parse(pattern), source)


def _sampled(parsed: object, source: random.Random) -> str:
    made = []
    for operation, argument in parsed:  # type: ignore[attr-defined]
        kind = str(operation)
        if kind == "LITERAL":
            made.append(chr(argument))
        elif kind == "IN":
            made.append(source.choice(_members(argument)))
        elif kind in ("MAX_REPEAT", "MIN_REPEAT"):
            least, most, inner = argument
            for _ in range(least if least > 8 else source.randint(least, min(most, least + 4))):
                made.append(_sampled(inner, source))
        elif kind == "SUBPATTERN":
            made.append(_sampled(argument[-1], source))
        elif kind == "BRANCH":
            made.append(_sampled(source.choice(argument[1]), source))
        elif kind not in ("ASSERT", "ASSERT_NOT", "AT"):
            raise AssertionError(kind)
    return "".join(made)


def _members(choices: list) -> list[str]:  # type: ignore[type-arg]
    members: list[str] = []
    for operation, argument in choices:
        kind = str(operation)
        if kind == "LITERAL":
            members.append(chr(argument))
        elif kind == "RANGE":
            members += map(chr, range(argument[0], argument[1] + 1))
        elif "DIGIT" in str(argument):
            members += string.digits
        elif "WORD" in str(argument):
            members += BASE62
        elif "SPACE" in str(argument):
            members.append(" ")
    return members


def checksum(body: str) -> str:
    """The six characters that GitHub and npm put behind a token."""
    number, digits = crc32(body.encode()), ""
    while number:
        number, rest = divmod(number, 62)
        digits = BASE62[rest] + digits
    return digits.rjust(6, "0")


def token_of(one: Format, source: random.Random) -> str:
    """A made-up token of a format, with a right checksum or structure."""
    if one.check == "pem":
        body = "\n".join("".join(source.choices(BASE62 + "+/", k=64)) for _ in range(6))
        return f"-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----"
    if one.check == "jwt":
        signature = "".join(source.choices(BASE62, k=43))
        return f"eyJhbGciOiJIUzI1NiJ9.eyJpc3MiOiJvcmRlcnMifQ.{signature}"
    if one.check == "discord":
        return "MTA3NDUyNzE4MzY0NTIxODgx" + ".Gx7kQp." + "".join(source.choices(BASE62, k=38))
    pattern = one.pattern.pattern.decode()
    text = sample(pattern, source)
    if one.check == "crc32-base62":
        head, _, body = text.rpartition("_")
        return f"{head}_{body[:-6]}{checksum(body[:-6])}"
    return text


def is_usable(one: Format, text: str) -> bool:
    """Whether chance made a token that is too regular, or looks like an example."""
    return re.search(r"\d", text) is not None and len(set(text)) > 8


@pytest.mark.parametrize("one", formats(), ids=lambda one: one.name)
def test_every_format_is_found_in_ordinary_code(one: Format) -> None:
    source = random.Random(one.name)
    found = wanted = 0
    for _ in range(12):
        text = token_of(one, source)
        if not is_usable(one, text):
            continue
        wanted += 1
        code = f'headers = {{"x": load(), "y": """{text}""", "z": 1}}  # discord\n'
        found += bool(tokens(code.encode()))
    assert wanted >= 5
    assert found >= 0.9 * wanted, (found, wanted)


def usable_token(one: Format, source: random.Random) -> str:
    """A made-up token that is irregular enough."""
    while True:
        text = token_of(one, source)
        if is_usable(one, text):
            return text


# How a text stands in ordinary code and settings, by the file's name; `%s` is the text.
PLACES = {
    "client.py": 'HEADERS_%d = {"accept": "json", "x": """%s""", "retries": 3}',
    "client.js": "const headers%d = { accept: 'json', x: `%s`, retries: 3 };",
    "client.ts": "export const headers%d: Record<string, string> = { accept: 'json', x: `%s` };",
    ".env": "SETTING_%d=%s",
    "values.yaml": "setting%d: %s",
    "settings.json": '"setting%d": "%s",',
    "settings.toml": 'setting%d = """%s"""',
    "settings.ini": "setting%d = %s",
    "Dockerfile": "ENV SETTING_%d=%s",
}


def written(name: str, number: int, text: str) -> str:
    """A line of a file that holds a text; what has several lines has them as people write them there."""
    inside = text.replace("\n", "\\n") if not name.startswith("client.") else text
    line = PLACES[name] % (number, inside)
    return line.replace("\n", "\\n")


def test_five_hundred_tokens_in_code_and_settings_are_found(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    wanted: dict[tuple[str, int], str] = {}
    lines: dict[str, list[str]] = {name: [] for name in PLACES}
    for one in formats():
        source = random.Random(f"500 {one.name}")
        for name in PLACES:
            text = usable_token(one, source)
            if '"' in text and name == "settings.json":
                continue  # the pattern has quotes of code
            comment = "# asked once an hour, by a worker that keeps the list of all shops of discord, as it is there"
            if name.endswith((".js", ".ts", ".json")):
                comment = comment.replace("#", "//") + "\n\n\n"
            lines[name] += [*comment.split("\n"), written(name, len(lines[name]), text)]
            wanted[name, len(lines[name])] = f"{one.name}: {text}"
    for name, content in lines.items():
        (tmp_path / name).write_text("\n".join(content) + "\n")
    assert len(wanted) >= 500
    shown = json.loads(run(tmp_path, "--select", "TEN0901", "--output-format", "json"))
    found = {(Path(one["filename"]).name, one["location"]["row"]) for one in shown}
    assert [(*place, text) for place, text in wanted.items() if place not in found] == []


def test_two_thousand_look_alikes_in_code_and_settings_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    texts = look_alikes(random.Random(2000))
    names = list(PLACES)
    lines: dict[str, list[str]] = {name: [] for name in names}
    for number, text in enumerate(texts):
        name = names[number % len(names)]
        lines[name].append(written(name, number, text))
    for name, content in lines.items():
        (tmp_path / name).write_text("\n".join(content) + "\n")
    assert len(texts) >= 2000
    assert "TEN09" not in run(tmp_path, "--select", "TEN0901,TEN0902,TEN0903,TEN0904,TEN0906")


def look_alikes(source: random.Random) -> list[str]:
    """Texts that are as long and as irregular as tokens, or begin like them, and are none."""
    words = ["order", "invoice", "customer", "shipment", "ledger", "payment", "refund", "basket", "voucher"]
    prefixes = ("ghp_", "gho_", "npm_")
    made = []
    for _ in range(230):
        made += [
            "".join(source.choices("0123456789abcdef", k=40)),
            "sha256:" + "".join(source.choices("0123456789abcdef", k=64)),
            "-".join("".join(source.choices("0123456789abcdef", k=k)) for k in (8, 4, 4, 4, 12)),
            "_".join(source.choices(words, k=5)) + "_v2",
            "/".join(source.choices(words, k=4)) + "/2024",
            "sha512-" + "".join(source.choices(BASE62 + "+/", k=86)) + "==",
            "AKIA" + "".join(source.choices(string.ascii_uppercase, k=source.choice((8, 12, 15, 20)))),
            "sk-" + "-".join(source.choices(words, k=4)),
            source.choice(prefixes) + "".join(source.choices(BASE62, k=36)),
        ]
    return [text for text in made if not (text.startswith(prefixes) and has_checksum(text.encode()))]


def test_look_alikes_are_left_alone() -> None:
    source = random.Random(9)
    words = ["order", "invoice", "customer", "shipment", "ledger", "payment", "refund", "basket", "voucher"]
    look_alikes = []
    for _ in range(400):
        look_alikes += [
            "".join(source.choices("0123456789abcdef", k=40)),
            "sha256:" + "".join(source.choices("0123456789abcdef", k=64)),
            "-".join("".join(source.choices("0123456789abcdef", k=k)) for k in (8, 4, 4, 4, 12)),
            "_".join(source.choices(words, k=5)) + "_v2",
            "ghp_" + "".join(source.choices(BASE62, k=36)),
        ]
    wrong = [text for text in look_alikes if not (text.startswith("ghp_") and has_checksum(text.encode()))]
    text = "\n".join(f'KEY_{number} = "{value}"' for number, value in enumerate(wrong))
    assert [token.format.name for token in tokens(text.encode())] == []


def test_the_screen_of_formats_is_linear() -> None:
    for hostile in (
        b"A" * 300_000,
        b"eyJ" * 100_000,
        b'"+"' * 100_000,
        b"-----BEGIN PRIVATE KEY-----" * 8_000,
        b"sk-" * 100_000,
    ):
        assert tokens(hostile) == []


KEY_ID = "".join(("AKIA", "Q5MZ4XWTR7KL", "NEOP"))
SECRETS = (KEY_ID, "hunter2", "vK8rTq2m-orders", "tr0ub4dor&3", "k3ep-this-quiet")


@pytest.mark.parametrize("output", ["full", "concise", "json", "github"])
def test_no_report_shows_a_secret(output: str, tmp_path: Path) -> None:
    service(tmp_path)
    shown = run(tmp_path, "--output-format", output)
    assert "TEN0901" in shown and "TEN0902" in shown and "TEN0903" in shown and "TEN0906" in shown
    for secret in SECRETS:
        assert secret not in shown
        assert secret[:5] not in shown
    if output == "json":
        assert json.loads(shown)


def test_no_diff_shows_a_secret(tmp_path: Path) -> None:
    service(tmp_path)
    shown = run(tmp_path, "--diff", "--unsafe-fixes")
    assert 'os.environ["DB_PASSWORD"]' in shown
    for secret in SECRETS:
        assert secret not in shown


def test_a_password_that_is_the_name_of_one_does_not_hide_names(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "app.py").write_text('import psycopg\n\npsycopg.connect(user="orders", password="password")\n')
    shown = run(tmp_path)
    assert "`password` is passed as a literal" in shown
    assert '"password"' not in shown


def service(folder: Path) -> None:
    (folder / "pyproject.toml").write_text("")
    (folder / "app.py").write_text(
        f'import os\n\nKEY = "{KEY_ID}"\n'
        'DB_PASSWORD = "hunter2"\n'
        'URL = "postgres://orders:vK8rTq2m-orders@db.internal/orders"\n\n\ndef connect(password="tr0ub4dor&3"):\n    return password\n'
    )
    (folder / ".env").write_text("JWT_SECRET=k3ep-this-quiet\n")


def run(folder: Path, *options: str) -> str:
    """What the command prints, on both streams."""
    command = [sys.executable, "-m", "lint_rules.app", "check", ".", "--isolated", "--color", "never", *options]
    finished = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return finished.stdout + finished.stderr


def test_an_env_file_that_git_ignores_is_left_alone(tmp_path: Path) -> None:
    service(tmp_path)
    assert "TEN0906" in run(tmp_path, "--select", "TEN0906", ".env")
    (tmp_path / ".gitignore").write_text(".env\n")
    assert "TEN0906" not in run(tmp_path, "--select", "TEN0906", ".env")


def test_an_ignored_env_file_that_git_tracks_is_found(tmp_path: Path) -> None:
    service(tmp_path)
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@b.c", "-C", str(tmp_path))
    subprocess.run((*git, "init", "-q"), check=True)
    subprocess.run((*git, "add", ".env"), check=True)
    (tmp_path / ".gitignore").write_text(".env\n")
    assert "TEN0906" in run(tmp_path, "--select", "TEN0906")


@pytest.mark.parametrize("comment", ["# tenlint: ignore[TEN0902] a key of the sandbox", ""])
def test_suppressions_hold_in_configuration_files(comment: str, tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "settings.yaml").write_text(f"database:\n  password: Wint3r-orders {comment}\n")
    assert ("TEN0902" in run(tmp_path)) is not bool(comment)


def test_data_and_locks_and_translations_are_no_settings(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("")
    (tmp_path / "locales").mkdir()
    for name in ("package-lock.json", "locales/en.json", "poetry.lock", "strings.json", "de.json", "big.json"):
        padding = " " * 400_000 if name == "big.json" else ""
        (tmp_path / name).write_text('{"password": "Wint3r-orders"}' + padding)
    (tmp_path / "huge.json").write_text('{"password": "Wint3r-orders"}' + " " * 1_200_000)
    shown = run(tmp_path)
    assert "TEN09" not in shown and "TEN0006" not in shown
    (tmp_path / "settings.json").write_text('{"password": "Wint3r-orders"}')
    assert "settings.json:1:" in run(tmp_path, "--output-format", "concise")
