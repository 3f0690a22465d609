# One door to everything. Each target does its own set-up: it needs Python 3.11 or newer and nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

BIN := .venv/bin
# The lock is made with 3.11, so that is tried first; each candidate must really run, have venv and pip, and be new enough.
CANDIDATES := python3.11 python3 python3.12 python3.13 python3.14
USABLE := import ensurepip, sys, venv; sys.exit(sys.version_info < (3, 11))
# More than there are processors: tests wait for browsers, servers and processes of their own.
WORKERS ?= 3

.PHONY: help setup demo test test-long check bench docs lock clean

help: ## Show this help
	@grep -hE '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | awk -F ':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

setup: .venv/.ready ## Only make .venv, which all other targets do themselves when they need it

demo: .venv/.ready ## Run the sample district with its phones; ARGS="--once" prints the whole loop and ends
	@$(BIN)/outreach demo $(ARGS)

test: .venv/.ready ## Run all tests but the long ones; ARGS="tests/unit" runs some
	@$(BIN)/pytest -n $(WORKERS) -m "not long" $(ARGS)

test-long: .venv/.ready ## Run the tests that take minutes
	@$(BIN)/pytest -n $(WORKERS) -m long $(ARGS) || { [ $$? = 5 ] && echo "No test is marked long yet."; }

check: .venv/.ready ## Check format, style, types and the direction of imports
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-logo

bench: .venv/.ready ## Measure; ARGS=NAME chooses one benchmark, without it they are listed
	@$(BIN)/python -m benchmarks $(ARGS)

docs: .venv/.ready ## Build the documentation as a site in build/docs; a broken link is an error
	@$(BIN)/python -m sphinx -q -W --keep-going -c docs . build/docs
	@echo "build/docs/index.html"

lock: .venv/.ready ## Write requirements.lock from pyproject.toml; ARGS="--upgrade" takes the newest versions
	$(BIN)/pip-compile pyproject.toml --extra test --extra docs $(ARGS) --output-file requirements.lock --quiet --generate-hashes --allow-unsafe \
		--strip-extras --no-header --no-emit-options

clean: ## Remove the environment and everything that was built; databases in var/ stay
	rm -rf .venv build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Two stamps: a changed lock makes the environment from nothing, so that no package of yesterday stays behind; a changed
# pyproject.toml only installs the project again. While both are fresh nothing here touches the network.
.venv/.locked: requirements.lock
	@python=$$(for candidate in $(CANDIDATES); do if $$candidate -c '$(USABLE)' 2>/dev/null; then echo $$candidate; break; fi; done); \
	if [ -z "$$python" ]; then echo "Python 3.11 or newer with venv and pip is needed; on Debian: apt-get install python3-venv" >&2; exit 2; fi; \
	echo "Making .venv with $$($$python --version) from requirements.lock: a minute or two, once."; \
	$$python -m venv --clear .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@touch $@

.venv/.ready: .venv/.locked pyproject.toml
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@
