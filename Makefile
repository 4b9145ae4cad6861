# Two commands matter: `make repro` and `make test`. Each builds the environment first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# A virtual environment does not survive being moved or copied: its scripts hold its path.
# The stamp holds the path too, so that a moved clone rebuilds the environment.
STAMP := .venv/.installed-$(shell pwd -P | cksum | cut -d' ' -f1)
# The profile of `make repro`; empty leaves the line `profile:` of params.yaml as it is.
PROFILE ?=

# Imports of packages without compiled bytecode cost minutes per `dvc repro`.
unexport PYTHONDONTWRITEBYTECODE
unexport PYTHONPATH
unexport VIRTUAL_ENV
# Nothing here calls home.
export MLFLOW_DISABLE_TELEMETRY := true
export DO_NOT_TRACK := true
export DVC_NO_ANALYTICS := 1
export ITERATIVE_DO_NOT_TRACK := 1
export TF_CPP_MIN_LOG_LEVEL ?= 2
# Stages call `python`: that of the environment.
export PATH := $(CURDIR)/$(BIN):$(PATH)

.PHONY: help
help: ## list the commands
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.PHONY: env
env: $(STAMP) ## create .venv with the locked packages

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || { \
	  echo "make env needs Python 3.11 or newer with venv, got $$($(PYTHON) --version 2>&1);" \
	       "name another with: make env PYTHON=python3.12"; exit 2; }
	@test -e $@ -o ! -e .venv/pyvenv.cfg -o -z "$$(ls .venv/.installed-* 2>/dev/null)" || rm -rf .venv
	@echo "making the environment in .venv"
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --compile-bytecode -r requirements.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: repro
repro: $(STAMP) ## run the pipeline (PROFILE=smoke|default|paper)
	@$(if $(PROFILE),$(BIN)/python pipelines/resolve_params.py --profile $(PROFILE))
	@$(BIN)/python tools/repro.py || { code=$$?; \
	  diff -rq inputs data 2>/dev/null | grep -q '^Only in data' && \
	    echo "data/ is a copy of inputs/: move the files of yours from data/ to inputs/" >&2; \
	  exit $$code; }

.PHONY: test
test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest

.PHONY: lint
lint: $(STAMP) ## ruff, mypy and the import contracts
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

.PHONY: ui
ui: $(STAMP) ## start the MLflow UI (settings: mlflow/server.env)
	@set -a; source mlflow/server.env; set +a; exec $(BIN)/python -m poreops.tracking

.PHONY: lock
lock: $(STAMP) ## compile requirements.txt and requirements-gpu.txt from pyproject.toml
	$(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --extra dev -o requirements.txt pyproject.toml
	sed 's/"tensorflow-cpu\([^"]*\)"/"tensorflow[and-cuda]\1"/' pyproject.toml > .venv/pyproject.toml
	$(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url \
	  --no-emit-find-links --python-version 3.11 --extra dev -c requirements.txt \
	  -o requirements-gpu.txt .venv/pyproject.toml
