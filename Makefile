# From a bare clone with Python 3.10 or newer: `make demo` shows what tenlint finds, `make test` runs its tests.

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin

.PHONY: demo test docs site lint types check clean

demo: $(VENV)/.installed
	@$(BIN)/tenlint check examples --isolated --exit-zero

test: $(VENV)/.tests-installed
	$(BIN)/python -m pytest

docs: $(VENV)/.installed
	$(BIN)/python scripts/make_docs.py

# The pages as a site in build/site; a page or a link that is missing fails.
site: $(VENV)/.docs-installed
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --quiet

lint: $(VENV)/.dev-installed
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev-installed
	$(BIN)/mypy

check: lint types test

clean:
	rm -rf $(VENV) dist build

# pip learned dependency groups in 25.1; older ones are upgraded inside the virtual environment.
$(VENV)/bin/python:
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --upgrade "pip>=25.1"

$(VENV)/.installed: $(VENV)/bin/python pyproject.toml
	$(BIN)/pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --group test
	@touch $@

$(VENV)/.dev-installed: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --group dev
	@touch $@

$(VENV)/.docs-installed: $(VENV)/.installed
	$(BIN)/pip install --quiet --disable-pip-version-check --group docs
	@touch $@
