# Everything a developer types. Needs make and Python 3.11; all else goes into .venv.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

BIN := .venv/bin
STAMP := .venv/installed
PYTEST := $(BIN)/python -m pytest
ROUNDS ?= 10
# How many workers share the slow tests: these wait more than they work, so more than two cores' worth.
WORKERS ?= 3
SPREAD := -n $(WORKERS) --dist worksteal
SLOW := $(SPREAD) tests/store tests/system
export PIP_DISABLE_PIP_VERSION_CHECK := 1
# The tests start hundreds of processes, each of which would compile the farm for itself.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help demo test check unit fmt soak bench cov prometheus clean

help: ## what can be typed
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

demo: $(STAMP) ## render a small film for two productions on a farm of its own
	@$(BIN)/farm demo

test: check ## everything: check, then store and system tests with real processes (minutes)
	@$(BIN)/python tools/prometheus.py >/dev/null || true
	@$(PYTEST) $(SLOW) -m "not soak"

check: $(STAMP) ## format, lint, types, floors and unit tests (seconds)
	@$(BIN)/ruff format --check --quiet .
	@$(BIN)/ruff check --quiet .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo
	@$(PYTEST) $(SPREAD) tests/unit

fmt: $(STAMP) ## put the code into the house's form
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

soak: $(STAMP) ## the long form of all tests, again and again; ROUNDS=10
	@for round in $$(seq $(ROUNDS)); do \
	  echo "round $$round of $(ROUNDS)"; env -u CI SOAK=1 KILL_SEED=$$round $(PYTEST) $(SLOW) tests/unit; \
	done

bench: $(STAMP) ## measure against bare Celery and plain Blender (see benchmarks/README.md)
	@$(BIN)/python -m benchmarks

cov: $(STAMP) ## how much of the code the tests run
	@$(BIN)/coverage erase
	@$(BIN)/coverage run -m pytest tests/unit tests/store tests/system
	@$(BIN)/coverage combine --quiet
	@$(BIN)/coverage report

prometheus: $(STAMP) ## fetch Prometheus' programs into .venv, without root: its rules' tests need them
	@$(BIN)/python tools/prometheus.py

clean: ## remove all that these commands made
	rm -rf .venv demo-output build dist *.egg-info htmlcov .coverage* .hypothesis
	rm -rf .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml
	@python=$$(command -v python3.11 || command -v python3 || true); \
	if [ -z "$$python" ]; then \
	  echo "Karst needs Python 3.11: install it, with its venv module, and try again" >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
	  echo "Karst needs Python 3.11; $$python is $$("$$python" -V)" >&2; exit 1; \
	fi; \
	if ! "$$python" -c 'import ensurepip, venv' 2>/dev/null; then \
	  echo "$$python has no venv module: install it (Debian: python3-venv) and try again" >&2; exit 1; \
	fi; \
	"$$python" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || \
	  echo "Blender's wheel is for Python 3.11 only: have a blender executable on PATH instead"; \
	[ -x $(BIN)/pip ] || "$$python" -m venv .venv
	@echo "Installing Karst and its tools into .venv; Blender's wheel alone is 373 MB: minutes, once"
	@$(BIN)/pip install --quiet --editable '.[dev]'
	@touch $@
