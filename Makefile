# `make run` and `make test` need only Python ≥ 3.11, git and make. What they make lies in .venv/ and $RAGE_HOME.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SOURCE ?=
JOBS ?= 2

.PHONY: run test lint bench clean setup
.DEFAULT_GOAL := run

run: setup  ## Everything up, with this project's own docs and code (or SOURCE=/a/folder) in the space `demo`.
	@$(BIN)/rage demo $(if $(SOURCE),"$(SOURCE)") && exec $(BIN)/rage up

test: setup  ## All tests, a file at a time on each of JOBS processes. Those that need a server or the evaluation data say so when they skip.
	@$(BIN)/python -m pytest -rfEs -n $(JOBS) --dist loadfile --no-loadscope-reorder

lint: setup  ## Style, types, the directions of imports, and what is unsafe or secret.
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/python -m pytest -q tests/test_architecture.py
	$(BIN)/bandit --quiet --recursive --configfile pyproject.toml api cli rage_assets resources sensors
	@echo "detect-secrets over the tracked files"
	@baseline=$$(mktemp) && trap 'rm -f "$$baseline"' EXIT && cp .secrets.baseline "$$baseline" && git ls-files -z \
	| xargs -0 sh -c '$(BIN)/detect-secrets-hook --baseline "$$0" "$$@" || [ $$? -eq 3 ]' "$$baseline"

# What only looks like a secret stands in .secrets.baseline; where that grew, look at each, and then:
# .venv/bin/detect-secrets scan --baseline .secrets.baseline
# (lint gives the scanner a copy, since it also renews the numbers of lines there, and calls that status 3).

bench: setup  ## Benchmarks, into docs/benchmarks.md.
	@$(BIN)/python -m benchmarks

clean:  ## Removes what the targets above made, but for $RAGE_HOME.
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

setup: $(VENV)/.installed

# uv installs the pinned lock several times faster than pip; the project itself is linked, not copied.
$(VENV)/.installed: requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("RAGE needs Python 3.11 or newer, this is " + sys.version.split()[0]) if sys.version_info < (3, 11) else None'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing into $(VENV) (some minutes the first time) …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check "uv>=0.5"
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --requirement requirements.lock
	@$(BIN)/python -m uv pip install --quiet --python $(BIN)/python --no-deps --editable .
	@touch $@
