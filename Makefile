# Everything runs in .venv, which uv makes; uv itself is installed when it is missing. ARGS= is passed on.
# WORKERS= (nothing) runs the tests in one process.
# Packages come from wherever pip and uv of this machine are set up to look.

.DEFAULT_GOAL := help
SHELL := /bin/sh

PYTHON ?= $(shell tools/find_python)
ARGS ?=
WORKERS ?= -n auto --maxprocesses 4 --dist worksteal
BIN := .venv/bin
READY := .venv/.fsnb-ready

.PHONY: help demo lab labextension test test-deep test-tools lint format bench bench-full bench-peers crash notebooks screenshots constraints clean

help:  ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

demo: $(READY)  ## Run the whole way on real flights (ARGS='--target URL')
	$(BIN)/fsnb demo $(ARGS)

# outputs of notebooks that are not trusted show without style and pictures
lab: $(READY)  ## Open the tour in JupyterLab
	@$(BIN)/jupyter trust notebooks/*.ipynb > /dev/null
	$(BIN)/jupyter lab notebooks/00_tour.ipynb $(ARGS)

labextension: $(READY)  ## Build the sidebar anew (needs Node)
	@tools/build_labextension $(BIN)

test: lint  ## Lint, then run every test
	@tools/ensure_services
	$(BIN)/python -m pytest $(WORKERS) $(ARGS)

test-deep: $(READY)  ## Run every test with many more generated examples
	@tools/ensure_services
	HYPOTHESIS_PROFILE=deep $(BIN)/python -m pytest --timeout 3600 $(WORKERS) $(ARGS)

test-tools: $(READY)  ## Run generated files in dbt, Dagster and Airflow
	@tests/deploy/tools/make_envs "$(PYTHON)"
	$(BIN)/python -m pytest tests/deploy/tools/real.py --timeout 1200 $(ARGS)

lint: $(READY)  ## Check style, layers and types
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/lint-imports
	$(BIN)/mypy

format: $(READY)  ## Rewrite the sources in the project's style
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

bench: $(READY)  ## Measure beside what one writes by hand, at a tenth of the size
	$(BIN)/python -m tests.benchmarks bench $(ARGS)

bench-full: $(READY)  ## The same at full size, and 10M by 100M rows (hours, 40 GB)
	$(BIN)/python -m tests.benchmarks bench huge --tenths 10 --seconds 120 --memory 18000 $(ARGS)

bench-peers: $(READY)  ## Measure beside Feast, featuretools and temporian
	@tests/benchmarks/peers/make_envs "$(PYTHON)"
	$(BIN)/python -m tests.benchmarks peers --seconds 300 --memory 18000 --repeat 1 $(ARGS)

crash: $(READY)  ## Kill publishers some 500 times, check what is left (slow)
	@tools/ensure_services
	$(BIN)/python -m tests.crash $(ARGS)

notebooks: $(READY)  ## Run the notebooks and store their outputs
	$(BIN)/python tools/run_notebooks.py $(ARGS)

screenshots: $(READY)  ## Photograph JupyterLab for the README, light and dark
	$(BIN)/python -m tools.screenshots $(ARGS)

constraints:  ## Pin the newest versions that fit into constraints.txt
	@tools/compile_constraints "$(PYTHON)"

clean:  ## Remove caches and build output (.venv and .fsnb stay)
	rm -rf build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache .import_linter_cache
	find fsnb tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# an editable install copies the sidebar's build: a new one is installed again
$(READY): pyproject.toml constraints.txt extensions/fsnb-lab/built/sources.sha256
	@tools/make_venv "$(PYTHON)"
	@touch $@
