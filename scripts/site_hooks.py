"""What `mkdocs build` needs beside docs/: pages that live elsewhere in the repository, and links that leave the site.

mkdocs calls the functions by their names (see `hooks` in mkdocs.yml).
"""

from __future__ import annotations

import posixpath
import re
import sys
from itertools import groupby
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

sys.path.insert(0, str(Path(__file__).parent))
from make_docs import FAMILY_TITLES

ROOT = Path(__file__).parent.parent
ELSEWHERE = {
    "CONTRIBUTING.md": "contributing.md",
    "benchmarks/README.md": "benchmarks.md",
    "benchmarks/comparison/README.md": "comparison.md",
}
"""Pages of the repository, and where the site has them."""

_LINK = re.compile(r"(?P<image>!?)\[(?P<text>[^\]\n]*)\]\((?P<target>[^)\s#:]+)(?P<anchor>#[^)\s]*)?\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put the page of every rule below its family into the navigation."""
    assert config.nav is not None
    for section in config.nav:
        if section.get("The ten errors") == "rules/README.md":
            section["The ten errors"] = ["rules/README.md", *_families(), {"Notices": "rules/housekeeping.md"}]
    return config


def _families() -> list[dict[str, list[dict[str, str]]]]:
    pages = sorted(path.stem for path in (ROOT / "docs" / "rules").glob("TEN*.md"))
    families = []
    for family, names in groupby(pages, key=lambda name: name[3:5]):
        entries = [{name.replace("-", " ", 1): f"rules/{name}.md"} for name in names]
        families.append({f"{family} {FAMILY_TITLES[family]}": entries})
    return families


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that live elsewhere."""
    for place, name in ELSEWHERE.items():
        files.append(File.generated(config, name, content=(ROOT / place).read_text(encoding="utf-8")))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to pages from elsewhere to where the site has them; of links into the code only the text stays."""
    own = page.file.src_uri
    origin = next((place for place, name in ELSEWHERE.items() if name == own), f"docs/{own}")

    def led(found: re.Match[str]) -> str:
        target = posixpath.normpath(posixpath.join(posixpath.dirname(origin), found["target"]))
        if target in ELSEWHERE:
            target = ELSEWHERE[target]
        elif target.startswith("docs/"):
            target = target.removeprefix("docs/")
        else:
            return found["text"]
        target = posixpath.relpath(target, posixpath.dirname(own) or ".")
        return f"{found['image']}[{found['text']}]({target}{found['anchor'] or ''})"

    return _LINK.sub(led, markdown)
