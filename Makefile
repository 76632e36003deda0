# Porchlight: the commands the project keeps. `make help` lists them.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
.DEFAULT_GOAL := help

help: ## this list
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; name it with PYTHON=..."; exit 1; }
	@$(PYTHON) -m venv $(VENV) || { echo "python3 -m venv does not work here: install your system's venv package (Debian: python3-venv)"; exit 1; }

$(VENV)/.runtime: deploy/requirements/runtime.txt deploy/requirements/build.txt pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install -q --require-hashes -r deploy/requirements/build.txt
	$(BIN)/python -m pip install -q --require-hashes -r deploy/requirements/runtime.txt
	$(BIN)/python -m pip install -q --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/.dev: $(VENV)/.runtime deploy/requirements/dev.txt
	$(BIN)/python -m pip install -q --require-hashes -r deploy/requirements/dev.txt
	@touch $@

env: $(VENV)/.runtime ## .venv with the service installed, nothing started

run: env ## the whole service with a demo agency
	$(BIN)/porchlight demo

jars: $(VENV)/.dev
	@$(BIN)/python -m tests.kafka.jars

cluster: ## PostgreSQL, Kafka and every role on this machine, until interrupted (BROKERS=3)
	@$(MAKE) -s jars >&2
	@$(BIN)/python -m tests.cluster

test: jars ## the whole test suite (ARGS="…" goes to pytest)
	$(BIN)/python -m pytest -n 2 $(ARGS)

check: $(VENV)/.dev ## lint, types, import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/codespell

format: $(VENV)/.dev ## tidy the code
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

bench: jars ## the rows of the goals, as ratios
	$(BIN)/python -m tests.bench $(ARGS)

proof: jars ## the long forms of the tests
	$(BIN)/python -m pytest -m proof -o faulthandler_timeout=0 $(ARGS)

lock: $(VENV)/.dev ## exact versions and hashes, remade
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate pyproject.toml -o deploy/requirements/runtime.txt
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate --extra dev pyproject.toml -o deploy/requirements/dev.txt
	printf 'hatchling\neditables\n' | $(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --no-annotate - -o deploy/requirements/build.txt

clean: ## forget the environment and caches
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .import_linter_cache

.PHONY: help env run jars cluster test check format bench proof lock clean
