# Everything a checkout can do; `make help` lists it. Needs Python 3.11 or newer and nothing else:
# PYTHON=/path/to/python chooses one. All paths are relative, so that the checkout may lie anywhere.

.DEFAULT_GOAL := help
SHELL := /bin/sh

VENV := .venv
SOAK := .build/soak
LOCK := .build/lock
ifeq ($(OS),Windows_NT)
BIN := Scripts
else
BIN := bin
endif
PY := $(VENV)/$(BIN)/python
# Which index the packages come from is the machine's business; what they are is ours.
INSTALL := -m pip install --quiet --disable-pip-version-check --require-hashes --requirement

# One lock for all systems and versions: --universal keeps the markers.
COMPILE := $(LOCK)/$(BIN)/python -m uv pip compile --quiet --upgrade --universal \
	--python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links \
	--custom-compile-command "make lock"

.PHONY: help run test lint format bench build build-windows test-windows packages screenshots soak lock icons clean

help: ## list what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/run.done ## watch on the console; ARGS="--demo" plays a whole outage
	@$(PY) -m traywatch --console $(ARGS)

test: $(VENV)/dev.done ## everything a change must pass
	@tools/install-desktop
	@$(MAKE) --no-print-directory lint
	$(PY) -m pytest $(ARGS)

lint: $(VENV)/dev.done ## style and types
	$(PY) -m ruff check
	$(PY) -m ruff format --check
	$(PY) -m mypy

format: $(VENV)/dev.done ## lay out the sources
	$(PY) -m ruff check --fix
	$(PY) -m ruff format

bench: $(VENV)/dev.done ## print the figures of every benchmark
	@for file in benchmarks/[a-z]*.py; do \
		name=$$(basename "$$file" .py) && echo "== $$name" && \
		$(PY) -m "benchmarks.$$name" || exit 1; \
	done

build: $(VENV)/dev.done ## the program in one folder that needs no Python, into dist
	$(PY) -m tools.build_program

build-windows: $(VENV)/dev.done ## the Windows programs, under wine, into .build/wine/dist
	$(PY) -m tools.wine.install
	$(PY) -m tools.wine.run python -m tools.build_program .build/wine/dist

test-windows: build-windows ## the tests under wine, and what its programs show on a desktop
	@tools/install-desktop
	$(PY) -m tools.wine.suites
	CI=1 $(PY) -m pytest -m windows tests/windows $(ARGS)

packages: $(VENV)/dev.done ## wheel and source archive, into dist
	$(PY) -m build --no-isolation --outdir dist

screenshots: $(VENV)/dev.done ## the pictures in the README, from the demonstration on a desk
	$(PY) -m pytest tests/build -k demo_in_the_tray
	$(PY) -m tools.crop_screenshots

soak: $(VENV)/dev.done $(SOAK)/soak.done ## the tests that take hours
	$(PY) -m pytest -m soak $(ARGS)

lock: ## find the newest versions of everything, into requirements
	@tools/make-venv $(LOCK)
	@$(LOCK)/$(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	@$(COMPILE) --output-file requirements/run.txt pyproject.toml
	@$(COMPILE) --output-file requirements/dev.txt pyproject.toml --extra test \
		--constraint requirements/run.txt
	@$(COMPILE) --output-file requirements/soak.txt --group soak

icons: $(VENV)/run.done ## draw the icon files anew
	$(PY) -m tools.draw_icons

clean: ## remove what was made here, the virtual environment included
	rm -rf $(VENV) .build build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

# A stamp is newer than the lock file it stands for: a second `make run` starts at once.
$(VENV)/run.done: requirements/run.txt | $(PY)
	@$(PY) $(INSTALL) $<
	@touch $@

$(VENV)/dev.done: requirements/dev.txt | $(PY)
	@$(PY) $(INSTALL) $<
	@touch $@

$(PY):
	@tools/make-venv $(VENV)

$(SOAK)/soak.done: requirements/soak.txt
	@tools/make-venv $(SOAK)
	@$(SOAK)/$(BIN)/python $(INSTALL) $<
	@touch $@
