# The README's commands. Each sets up what it needs in .venv; nothing has to be prepared but python3 >= 3.11.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: help run check test fuzz lint bench dist clean
help:
	@echo "make run    start the server on http://127.0.0.1:3001 with the mock cloud"
	@echo "make check  lint, type-check and run the tests that need no cloud: the quick answer while you work"
	@echo "make test   lint, type-check and run every test"
	@echo "make test-ec2 (or any driver)  run the tests of one driver"
	@echo "make fuzz   200,000 generated requests, which takes hours"
	@echo "make lint   only lint and type-check"
	@echo "make bench  print how fast it is, beside what"
	@echo "make dist   build wheel and sdist into dist/"
	@echo "make clean  remove what the others made"

# make run EXTRAS=ec2,vsphere ARGS="--config my.toml -i ec2"
run: $(VENV)/run.stamp
	@$(if $(EXTRAS),$(BIN)/pip install --quiet --editable '.[$(EXTRAS)]')
	@$(BIN)/deltacloud-images serve $(ARGS)

check: lint
	$(BIN)/pytest -q tests/drivers/mock tests/plugin_dist tests/test_*.py

test: lint
	$(BIN)/pytest -n 2 --dist loadgroup $(ARGS)

test-%: $(VENV)/dev.stamp
	$(BIN)/pytest tests/drivers/$* $(ARGS)

fuzz: $(VENV)/dev.stamp
	FUZZ_EXAMPLES=10000 $(BIN)/pytest tests/api/test_fuzz.py

lint: $(VENV)/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

bench: $(VENV)/dev.stamp
	$(BIN)/python -m benchmarks

# The wheel is built from the sdist, so that a file that the sdist lacks is noticed.
dist: $(VENV)/dev.stamp
	rm -rf dist
	$(BIN)/python -m build --no-isolation --outdir dist
	$(BIN)/twine check --strict dist/*

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache .hypothesis

$(VENV)/run.stamp: pyproject.toml | $(VENV)/pip.stamp
	@$(BIN)/pip install --quiet --editable .
	@touch $@

$(VENV)/dev.stamp: pyproject.toml | $(VENV)/pip.stamp
	$(BIN)/pip install --quiet --editable . --group dev
	@touch $@ $(VENV)/run.stamp

# Debian ships venv in a package of its own.
$(VENV)/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Python 3.11 or newer is needed; name it with make PYTHON=..."; exit 1; }
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { test "$$(id -u)" = 0 && command -v apt-get >/dev/null && \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y python3-venv >/dev/null; } || \
	  { echo "Python's venv module is missing: sudo apt-get install python3-venv"; exit 1; }
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/pip install --quiet --upgrade 'pip>=25.1'
	@touch $@
