# factory_pipelines: `make help` lists the targets. Needs Python ≥ 3.11, make and a package index; fetches uv itself.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help

UV_VERSION := 0.13.8
# The uv that is there, or one fetched into .bootstrap.
UV := $(shell command -v uv 2>/dev/null || echo .bootstrap/bin/uv)
SERVE ?= 1
ARGS ?=

.PHONY: help setup demo test lint format bench clean

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

.bootstrap/bin/uv:
	@python3 scripts/fetch_uv.py $(UV_VERSION) .bootstrap

.venv/.synced: pyproject.toml uv.lock | $(filter .bootstrap/bin/uv,$(UV))
	@$(UV) sync --locked
	@touch $@

setup: .venv/.synced ## Install the locked dependencies into .venv

demo: .venv/.synced ## Run a whole simulated factory; SERVE=0 stops when everything is materialized
	@.venv/bin/factory demo $(if $(filter 0,$(SERVE)),--no-serve) $(ARGS)

test: .venv/.synced ## Run all tests on the embedded database
	@.venv/bin/pytest $(ARGS)

lint: .venv/.synced ## Check style, types and import contracts
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy
	@.venv/bin/lint-imports

format: .venv/.synced ## Format the code
	@.venv/bin/ruff check --fix .
	@.venv/bin/ruff format .

bench: .venv/.synced ## Measure against the bars; writes benchmarks/latest.json
	@.venv/bin/python -m benchmarks $(ARGS)

clean: ## Remove what setup and demo made (the demo's data included)
	@if [ -x .venv/bin/factory ]; then .venv/bin/factory db stop; fi
	@rm -rf .venv .bootstrap .factory
