# Everything a contributor or a newcomer runs. `make` alone prints this list.
PYTHON ?= python3
BIN := .venv/bin
export npm_config_loglevel ?= error
# Bytecode is kept: with it every start of the daemon takes less than half as long.
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup demo test check wheel docs figures soak bench audit lock clean

help: ## print these lines
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

setup: ## install everything that is pinned, inside this folder; a second time does nothing
	@$(PYTHON) bootstrap.py

demo: setup ## tell the spring of 2020 through a local chain and show every alert; writes ./out
	@$(BIN)/hedgewatch demo --out out

test: setup ## run the tests, two halves side by side
	@$(BIN)/python -m tests

check: setup ## read the code: lint, format, types, import order, spelling
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/codespell

wheel: setup ## build what `pipx install` takes; writes ./dist
	@rm -rf dist
	@$(BIN)/python -m build --wheel --no-isolation -o dist >/dev/null
	@ls dist/*.whl

docs: setup ## write SIGNALS.md anew from the catalogue
	@$(BIN)/hedgewatch signals --catalogue --markdown > SIGNALS.md

figures: setup ## write the README's figures of past storms anew, from replays
	@$(BIN)/python -m tests.figures

soak: setup ## run the long tests, and all that tell a figure; writes ./out/soak.json
	@$(BIN)/python -m tests.soak

bench: setup ## measure speed beside its peers; writes ./out/bench.json, fails where a limit is missed
	@$(BIN)/python -m tests.bench

audit: setup ## look the pinned packages up for known faults, and list them in ./out/sbom.json
	@$(BIN)/python -m tests.audit

lock: setup ## pin the dependencies anew; UPGRADE=--upgrade takes the newest ones
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --extra demo --extra postgres --group dev --python-version 3.11 $(UPGRADE) pyproject.toml -o requirements.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --group bench --constraint requirements.lock --python-version 3.11 $(UPGRADE) -o requirements-bench.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --group dask --constraint requirements.lock --python-version 3.11 $(UPGRADE) -o requirements-dask.lock
	@$(BIN)/uv pip compile -q --universal --generate-hashes --no-emit-index-url --no-header \
	  --group audit --constraint requirements.lock --python-version 3.11 $(UPGRADE) -o requirements-audit.lock
	@command -v npm >/dev/null || { echo "npm is missing: install npm" >&2; exit 1; }
	@npm install --package-lock-only

clean: ## remove all that set-up and the demo made
	find . -name __pycache__ -type d -not -path './node_modules/*' -not -path './.venv/*' -prune -exec rm -rf {} +
	rm -rf .venv .cache node_modules monitor/web/static/vendor out dist .*_cache .hypothesis .coverage*
