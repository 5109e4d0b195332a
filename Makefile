# make demo   enroll, verify and evaluate bundled sample prints, from nothing
# make test   the tests, from nothing
# Both need python3 (3.11 to 3.13) and a package index; everything lands in .venv/.

.DEFAULT_GOAL := help
.NOTPARALLEL:
.PHONY: help setup demo test check docs audit fuzz bench without-train release matrix model clean

VENV := .venv
BIN := $(VENV)/bin
SLIM := .venv-slim
RELEASE := .venv-release
WORKERS ?= 2# processes that run tests
SECONDS ?= 300# of fuzzing, for each reader
SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))
PYTHON ?= $(shell for p in python3 python3.13 python3.12 python3.11; do \
	$$p -c '$(SUITABLE)' 2>/dev/null && { echo $$p; break; }; done)
PIP_INSTALL := -m pip install --quiet --disable-pip-version-check

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sort | sed -E 's/^([a-z-]+):.*## /\1\t/' | expand -t 16

setup: $(VENV)/dev.stamp ## everything that development needs

demo: $(VENV)/run.stamp ## enroll a finger, verify two others, draw a ROC
	$(BIN)/fpverify demo

# What pytest has read once is kept even where Python may not keep what it compiles: each worker reads all tests.
PYTEST := PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(WORKERS) --dist worksteal

test: $(VENV)/dev.stamp ## the tests, but for those that take seconds each
	$(PYTEST) -m "not slow"

.PHONY: slow thorough
slow: $(VENV)/dev.stamp ## the tests that take seconds each: browsers, clusters, trainings, documents as they stand
	$(PYTEST) -m slow

thorough: $(VENV)/dev.stamp ## all tests in their long form, which tries all that there is
	FPVERIFY_THOROUGH=1 $(PYTEST)

check: $(VENV)/dev.stamp ## style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/mypy tools

docs: $(VENV)/dev.stamp ## the site of the documents, in build/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet
	@echo "build/site/index.html"

audit: $(VENV)/dev.stamp ## published weaknesses and licences of all that is installed
	$(BIN)/python tools/audit.py

fuzz: $(VENV)/dev.stamp ## damaged input for every reader of files, for SECONDS each
	$(BIN)/python tools/fuzz.py --seconds $(SECONDS)

bench: $(VENV)/run.stamp ## time and memory of verify, extraction, comparison and synthesis
	$(BIN)/python tools/benchmark.py

without-train: $(SLIM)/slim.stamp ## enroll, verify, evaluate and demo where no extra is installed
	cd / && $(abspath $(SLIM))/bin/python $(abspath tools/check_without_train.py)

matrix: $(RELEASE)/release.stamp ## lowest and newest libraries in each Python there is; PAIRS="--all" runs every test, "--resolve" none
	$(RELEASE)/bin/python tools/matrix.py $(PAIRS)

release: $(RELEASE)/release.stamp ## build wheel and sdist into dist/, try them in each Python there is; publishes nothing
	$(RELEASE)/bin/python tools/release.py

model: $(VENV)/dev.stamp ## the shipped model from nothing, by its recipe: seven hours; ARGS="--plan" says what of
	$(BIN)/python tools/model.py $(ARGS)

clean: ## remove the environments
	rm -rf $(VENV) $(SLIM) $(RELEASE)

# pip compiles what it copies, not what it links to; where Python may not keep what it compiles, every command would.
$(VENV)/run.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV)/ (a minute or two the first time)"
	$(BIN)/python $(PIP_INSTALL) --editable '.[plots]'
	$(BIN)/python -m compileall -q fpverify
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV)/, TensorFlow included (some minutes the first time)"
	$(BIN)/python $(PIP_INSTALL) --editable '.[dev]'
	$(BIN)/python -m compileall -q fpverify
	@touch $(VENV)/run.stamp $@

# As a user gets it: the built package, not the folder beside it.
$(SLIM)/slim.stamp: pyproject.toml $(shell find fpverify -type f -not -path '*/__pycache__/*') | $(SLIM)/bin/python
	$(SLIM)/bin/python $(PIP_INSTALL) --force-reinstall --no-deps .
	$(SLIM)/bin/python $(PIP_INSTALL) .
	@touch $@

# What builds is apart from what is built.
$(RELEASE)/release.stamp: pyproject.toml | $(RELEASE)/bin/python
	$(RELEASE)/bin/python $(PIP_INSTALL) $(shell sed -nE '/^release = \[/{s/^[^[]*\[([^]]*)\].*/\1/; s/,//g; p}' pyproject.toml)
	@touch $@

%/bin/python:
	@test -n "$(PYTHON)" || { echo "fpverify needs Python 3.11, 3.12 or 3.13 as python3 (or give PYTHON=...)" >&2; exit 1; }
	$(PYTHON) -m venv $* || { rm -rf $*; echo "python3 -m venv failed; on Debian or Ubuntu: apt install python3-venv" >&2; exit 1; }
