# Everything a person or a machine does here. `make demo` and `make test` set up what they need.
.DELETE_ON_ERROR:
.PHONY: demo test test-corpus lint docs dist bench bench-peers clean

PYTHON ?= python3
VENV := .venv
READY := $(VENV)/ready
BIN := $(VENV)/bin

# A user's own settings must not decide what is installed and what is tested.
unexport PYTHONPATH PYTHONHOME VIRTUAL_ENV
export PIP_USER := 0
export PIP_REQUIRE_VIRTUALENV := 0
export PYTHONNOUSERSITE := 1

demo: $(READY)
	@FIXBOT=$(BIN)/fixbot sh scripts/demo.sh

test: $(READY)
	$(BIN)/python -m pytest -n auto $(TESTS)

test-corpus: $(READY)
	$(BIN)/python -m pytest -n auto -m corpus $(TESTS)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: $(READY)
	$(BIN)/python scripts/docs.py
	$(BIN)/zensical build --clean --strict

dist: $(READY)
	PYTHON_BIN=$(BIN)/python sh scripts/dist.sh

bench: $(READY)
	$(BIN)/python benchmarks/run.py $(BENCH)

bench-peers:
	$(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet -r benchmarks/peers.txt

clean:
	rm -rf $(VENV) .venv-peers site .pytest_cache .mypy_cache .ruff_cache .hypothesis dist build

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "fixbot needs Python 3.11 or newer; say which with PYTHON=…")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@
