# make book [PROFILE=quick|open|paper]   make test   make pages   make bench   make faults   make vouch
# make clean
PYTHON ?= python3.11
PROFILE ?= quick
BIN := .venv/bin
STAMP := .venv/installed
SHELL := /bin/bash

.PHONY: book test pages bench faults vouch clean
.DEFAULT_GOAL := book

# pins first, from requirements.txt alone; the package itself adds nothing to them
$(STAMP): requirements.txt pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	touch $@

book: $(STAMP)
	@$(BIN)/clinlib book --profile $(PROFILE)

# a file stays in one process, where its tests share the models that they train
test: $(STAMP)
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not slow" -rs $(ARGS)

# the built book in a browser; axe-core (MPL-2.0) comes in a package that asks for playwright, which
# is not needed
pages: $(STAMP)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps axe-playwright-python==0.1.8
	$(BIN)/python -m pytest -rs tests/test_book_offline.py tests/test_book_reading.py $(ARGS)

# flair reads an older transformers than the library does, hence an environment of its own
.venv-flair/installed: requirements-bench.txt
	test -x .venv-flair/bin/python || $(PYTHON) -m venv .venv-flair
	.venv-flair/bin/python -m pip install --quiet --disable-pip-version-check -r requirements-bench.txt
	touch $@

bench: $(STAMP) .venv-flair/installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check accelerate==1.15.0
	$(BIN)/python -m clinlib.bench $(ARGS)

faults: $(STAMP)
	$(BIN)/python tests/faults/run.py $(ARGS)

# the golden micro-runs; where they agree, the routines' present source counts as equal
vouch: $(STAMP)
	$(BIN)/python tests/golden.py $(ARGS)

# keeps the records (results/) and the environment (.venv)
clean:
	rm -rf _build .pytest_cache .ruff_cache .hypothesis
