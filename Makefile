# Two commands matter: `make repro` and `make test`. Each builds the environment first.
SHELL := bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

PYTHON ?= python3
BIN := .venv/bin
# A virtual environment does not survive being moved or copied: its scripts hold its path.
# The stamp holds the path too, so that a moved clone rebuilds the environment.
STAMP := .venv/.installed-$(shell pwd -P | cksum | cut -d' ' -f1)
# The profile that `make repro` applies to params.yaml; empty leaves params.yaml as it is.
PROFILE ?=
# How many stages `make repro` runs at once.
JOBS ?= 1
# Stages that `make repro` runs with all that they need; empty runs every stage.
STAGES ?=

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

# Git holds what the released run made; what a run here makes is no change to be committed, until
# `make record` says that it is.
OWN_RESULTS = git ls-files -z -- dvc.lock reports | xargs -0r git update-index

.PHONY: repro
repro: $(STAMP) ## run the pipeline (PROFILE=smoke|default|paper JOBS=2 STAGES=...)
	@$(BIN)/python -m poreops.params $(if $(PROFILE),use $(PROFILE),check)
	@$(OWN_RESULTS) --skip-worktree 2>/dev/null || true
	@$(BIN)/python pipelines/repro.py -j $(JOBS) $(STAGES) || { code=$$?; \
	  diff -rq inputs data 2>/dev/null | grep -q '^Only in data' && \
	    echo "data/ is a copy of inputs/: move the files of yours from data/ to inputs/" >&2; \
	  exit $$code; }

.PHONY: record
record: $(STAMP) ## take over the last run: its reports in docs, dvc.lock and metrics for a commit
	$(BIN)/python docs/tables.py --record
	$(OWN_RESULTS) --no-skip-worktree
	git add dvc.lock reports/*/metrics.json

.PHONY: figures
figures: $(STAMP) ## draw the tables of README and docs from the recorded reports
	$(BIN)/python docs/tables.py

.PHONY: test
test: $(STAMP) ## run the tests
	$(BIN)/python -m pytest

.PHONY: light
light: $(STAMP) ## run the bare wheel, and tools of others, in environments of their own
	$(BIN)/python -m pytest tests/light_install.py tests/other_tools.py

.PHONY: lint
lint: $(STAMP) ## ruff, mypy, the import contracts and the dependencies
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/deptry src pipelines

.PHONY: docs
docs: $(STAMP) ## build the pages and the API reference in docs/_build/html
	$(BIN)/python docs/draw_architecture.py
	$(BIN)/python -m sphinx -W -n -q -b html docs docs/_build/html

.PHONY: ui
ui: $(STAMP) ## start the MLflow UI (settings: mlflow/server.env)
	@set -a; source mlflow/server.env; set +a; exec $(BIN)/python -m poreops.mlops.tracking

.PHONY: server
server: $(STAMP) ## start the MLflow server of a team (settings: mlflow/team.env)
	@set -a; source mlflow/team.env; set +a; exec $(BIN)/python -m poreops.mlops.tracking team

# Versions that are locked stay as they are: a newer one is asked for with --upgrade-package.
LOCK := $(BIN)/uv pip compile --quiet --no-annotate --no-header --no-emit-index-url \
  --no-emit-find-links --python-version 3.11
.PHONY: lock
lock: $(STAMP) ## compile the locks of the environment and of served models from pyproject.toml
	$(LOCK) --universal --extra dev -o requirements.txt pyproject.toml
	$(LOCK) --python-platform linux --extra dev --extra gpu \
	  --no-emit-package tensorflow-cpu -c requirements.txt -o requirements-gpu.txt pyproject.toml
	$(LOCK) --universal --generate-hashes --extra conductance --extra properties --extra cores \
	  --extra serving -c requirements.txt -o src/poreops/mlops/tracking/served.txt pyproject.toml
