# Everything a fresh machine needs is Python 3.11+ and make; `make run` and `make test` do the rest.
PYTHON ?= python3
BIN    := .venv/bin
PATH   := $(CURDIR)/$(BIN):$(PATH)
SOURCES := controller drivers hmi qc recipes rip simulators tests
# the first only compute; the second mostly wait for links, clocks and processes; all others print
PURE    := tests/controller tests/qc tests/recipes tests/rip
WAITING := tests/kills tests/soak tests/drivers tests/simulators

# some images set it: every process would compile all that it imports, at every start
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run test test-full soak kills setup web lint bench screenshots lock clean
.DEFAULT_GOAL := help

help:
	@echo "make run    the whole line in your browser   (FOULARD_PORT changes the port)"
	@echo "make test   the whole test suite"
	@echo "make lint   ruff, pyright, import-linter, type check of the browser app"
	@echo "make soak   1,000 faults on four machines   (SEED changes which)"
	@echo "make kills  1,000 kills of the controller and of machines with it   (SEED changes which)"
	@echo "make bench  figures, each as a ratio against a peer in the same run"
	@echo "make setup  what run and test do first"

run: setup
	@$(BIN)/foulard demo

# The pure ones run behind the others, on what processor time those leave: at a low priority, so that no link is late
# because of them, and with more time to end. What they say is shown at the end. The waiting ones run in the order above:
# the longest begin first. The browser app is built while the pure ones run already.
test: .venv/installed
	@nice -n 19 $(BIN)/python -m pytest -n 2 --timeout 600 $(PURE) >.venv/pure.log 2>&1 & pure=$$!; trap 'kill $$pure' INT TERM; \
	$(BIN)/python -m hmi.webbuild >/dev/null && \
	$(BIN)/python -m pytest -n 4 --dist loadfile --no-loadscope-reorder $(WAITING) && \
	$(BIN)/python -m pytest -n 2 --dist loadfile $(addprefix --ignore=,$(PURE) $(WAITING)); others=$$?; \
	wait $$pure; pure=$$?; cat .venv/pure.log; exit $$((others || pure))

# every case of the parametrised tests, 10,000 damaged files, whole prints on all fabrics; some minutes more
test-full: export FOULARD_FULL = 1
test-full: test

# 1,000 faults of links and PLCs on four machines; about half an hour. SEED=7 for others
SEED ?= 1
soak: setup
	@$(BIN)/python -m tests.soak.run --seed $(SEED) --count 1000

# some two hours
kills: setup
	@$(BIN)/python -m tests.kills.run --seed $(SEED) --count 1000 --machines

setup: .venv/installed
	@$(BIN)/python -m hmi.webbuild >/dev/null

# not compiled: that would take as long again, and what is used is compiled at its first import
.venv/installed: requirements.lock pyproject.toml deploy/check_python.py
	@$(PYTHON) deploy/check_python.py
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@echo "installing Python packages …"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-compile --no-deps --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
	@touch $@

lint: .venv/installed
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports
	@$(BIN)/python -m hmi.openapi --check
	@$(BIN)/python -m hmi.webbuild >/dev/null
	@$(BIN)/python -m hmi.webbuild --check

bench: setup
	@for bench in tests/bench/bench_*.py; do $(BIN)/python $$bench || exit 1; done

screenshots: setup
	@$(BIN)/python deploy/screenshots.py

# needs pip-tools: hashes yes, addresses no
lock:
	pip-compile --quiet --extra dev --generate-hashes --allow-unsafe --strip-extras --no-header \
	  --no-emit-index-url --no-emit-find-links --no-emit-trusted-host -o requirements.lock pyproject.toml

clean:
	rm -rf .venv hmi/web/node_modules hmi/web/dist hmi/web/.build-stamp hmi/web/.build-lock
