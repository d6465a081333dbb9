# Each target works alone and sets up what it needs. `make` alone prints this help.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
SIZES ?= shipped 1M 5M
CLIENTS ?= 1 4 16
SECONDS ?= 5
REPORT ?= build/bench/report.md
DATA := $(shell find data ontology queries loaders solidarity_spectrum -type f -not -path '*/__pycache__/*' -not -name '* *')

.DEFAULT_GOAL := help
.PHONY: help install build serve test test-fast lint hygiene coverage-facts validate bench bench-load bench-loaders conformance docs reference lock wheel clean

help: ## show this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(BIN)/solidarity: requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

$(VENV)/tested: $(BIN)/solidarity requirements-test.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-test.lock
	@touch $@

build/store/manifest.json: $(BIN)/solidarity $(DATA)
	$(BIN)/solidarity build

install: $(BIN)/solidarity ## set up the virtual environment in .venv

build: $(BIN)/solidarity ## build the graph into build/store
	$(BIN)/solidarity build

serve: build/store/manifest.json ## set up, build if needed, and serve on 127.0.0.1:8000 (PORT=...)
	$(BIN)/solidarity serve --port $(PORT)

test: $(VENV)/tested build/store/manifest.json ## lint, type check and run all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy solidarity_spectrum loaders
	$(BIN)/python -m pytest

test-fast: $(VENV)/tested build/store/manifest.json ## the tests that take less than a minute together
	$(BIN)/python -m pytest -m "not slow"

lint: $(VENV)/tested ## format and fix what can be fixed
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/mypy solidarity_spectrum loaders

hygiene: $(BIN)/solidarity ## check that the ontology is well kept and every name in use is declared
	$(BIN)/python -m solidarity_spectrum.hygiene

coverage-facts: $(VENV)/tested ## count what of the fact base (../shared/facts) is in data
	$(BIN)/python -m tests.coverage_facts

validate: build/store/manifest.json ## judge the shipped data with the reference engine, pySHACL
	$(BIN)/solidarity validate --engine reference $(shell find data -name '*.yaml' -path 'data/*/*')

bench: $(VENV)/tested build/store/manifest.json ## measure, beside what one would pick instead
	$(BIN)/python -m tests.bench

bench-loaders: $(VENV)/tested build/store/manifest.json ## measure the loaders on the real samples, grown (SAMPLES=folder)
	$(BIN)/python -m tests.loaders.bench

# What only the benchmark compares with has an environment of its own.
build/bench/venv/bin/oxigraph:
	$(PYTHON) -m venv build/bench/venv
	build/bench/venv/bin/python -m pip install --quiet --disable-pip-version-check oxigraph==0.5.13 rdflib-endpoint==0.6.3 uvicorn==0.54.0

bench-load: $(VENV)/tested build/store/manifest.json build/bench/venv/bin/oxigraph ## load over HTTP beside other servers (SIZES, CLIENTS, SECONDS, REPORT=...)
	$(BIN)/python -m tests.load --sizes $(SIZES) --clients $(CLIENTS) --seconds $(SECONDS) --report $(REPORT)

conformance: $(VENV)/tested build/store/manifest.json ## run the W3C suites (SUITES=folder that holds them, else ../shared/suites)
	$(BIN)/python -m pytest -m conformance -rsx

docs: $(BIN)/solidarity ## write the generated parts of docs anew from the ontology
	$(BIN)/python docs/generate.py

reference: $(VENV)/tested ## write the reference documentation of the ontology into build/docs
	$(BIN)/python docs/reference.py build/docs

lock: $(VENV)/tested ## renew the hashed lock files
	$(BIN)/python -m pip install --quiet uv
	echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate pyproject.toml - -o requirements.lock
	echo 'setuptools>=77' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate --extra test pyproject.toml - -o requirements-test.lock
	echo 'pyspark>=4' | $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	  --no-header --no-annotate - -o requirements-spark.lock

wheel: $(BIN)/solidarity ## build the wheel into dist
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean: ## remove what was built, and the virtual environment
	rm -rf build dist $(VENV) .mypy_cache .pytest_cache .ruff_cache .hypothesis *.egg-info
