"""What the deployment files beside a project tell."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from lint_rules.project.deployment import restarts, starts_several


@pytest.mark.parametrize(
    ("name", "content", "several", "again"),
    [
        ("Procfile", "web: gunicorn shop:app", True, True),
        ("Procfile", "web: python -m shop", False, True),
        ("Dockerfile", 'CMD ["uvicorn", "shop:app", "--workers", "4"]', True, False),
        ("Dockerfile", 'CMD ["uvicorn", "shop:app", "--workers", "1"]', False, False),
        ("Dockerfile", "CMD uvicorn shop:app --workers 4", True, False),
        ("Dockerfile", "CMD uvicorn shop:app --workers 1", False, False),
        ("Dockerfile", "CMD uvicorn shop:app --workers=$WORKERS", True, False),
        ("docker-compose.yml", "services:\n  shop:\n    restart: always\n", False, True),
        ("docker-compose.yml", 'services:\n  shop:\n    restart: "no"\n', False, False),
        ("compose.yaml", "services:\n  shop:\n    deploy:\n      replicas: 3\n", True, False),
        ("shop.service", "[Service]\nRestart=on-failure\n", False, True),
        ("shop.service", "[Service]\nRestart=no\n", False, False),
        ("supervisord.conf", "[program:shop]\ncommand=python -m shop\nnumprocs=4\n", True, True),
        ("deploy/deployment.yaml", "kind: Deployment\nspec:\n  replicas: 1\n", False, True),
        ("deploy/values.yaml", "replicaCount: 2\n", True, False),
        ("node_modules/Procfile", "web: gunicorn shop:app", False, False),
        ("notes.txt", "gunicorn", False, False),
        ("docs/a/Procfile", "web: gunicorn shop:app", False, False),
    ],
)
def test_a_deployment_file_is_read(tmp_path: Path, name: str, content: str, several: bool, again: bool) -> None:
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text(content, encoding="utf-8")
    near = str(tmp_path / "shop" / "main.py")
    assert bool(starts_several(str(tmp_path), near)) is several
    assert bool(restarts(str(tmp_path), near)) is again


def test_files_on_the_way_to_the_server_count_and_others_do_not(tmp_path: Path) -> None:
    for service in ("mail", "search"):
        (tmp_path / "services" / service).mkdir(parents=True)
    (tmp_path / "services" / "mail" / "Procfile").write_text("web: gunicorn mail:app", encoding="utf-8")
    assert starts_several(str(tmp_path), str(tmp_path / "services" / "mail" / "main.py")) == "services/mail/Procfile"
    assert starts_several(str(tmp_path), str(tmp_path / "services" / "search" / "main.py")) == ""


def test_only_small_regular_files_are_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "Procfile")
    (tmp_path / "elsewhere").write_text("gunicorn", encoding="utf-8")
    (tmp_path / "Dockerfile").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "compose.yaml").write_text("# gunicorn\n" + "x" * 200_000, encoding="utf-8")
    (tmp_path / "start.sh").write_bytes(b"gunicorn \xff\xfe")
    assert starts_several(str(tmp_path), str(tmp_path / "main.py")) == ""


def test_a_root_that_is_gone_tells_nothing(tmp_path: Path) -> None:
    assert restarts(str(tmp_path / "gone"), str(tmp_path / "gone" / "main.py")) == ""
