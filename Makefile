# Offhook. `make demo` shows it, `make test` proves it, `make serve` runs it; each sets up what it needs.

VENV := .venv/bin
TEST_PACKAGES := sip-tester baresip-core curl kamailio kamailio-tls-modules binutils postgresql

.PHONY: help setup demo serve engine engine-remove test chaos check format bench bench-speech clean

help:
	@echo "make demo    set up, place a real call to the example application, show what happened"
	@echo "make serve   set up and run the server, open to this machine and private networks (OFFHOOK_DEV=1)"
	@echo "make engine  build PJSIP for production, 512 calls a worker (CALLS=256 for another number), and install it"
	@echo "make engine-remove  go back to the PJSIP from PyPI, 4 calls"
	@echo "make test    set up and run the tests (installs $(TEST_PACKAGES) by apt)"
	@echo "make chaos   12 minutes of calls while everything is killed, stopped and filled; then looks if anything was lost (ARGS='--seed 2')"
	@echo "make check   format, lint, types, import contracts, size bounds"
	@echo "make bench   measure delays and sizes; tables here, JSON in bench/results"
	@echo "make bench-speech  measure what callers feel of speech, 10 minutes (ARGS='--quick' for two, ARGS='menus' for one part)"

setup:
	@scripts/setup run

demo: setup
	@$(VENV)/python -m offhook demo

serve: setup
	@OFFHOOK_DEV=$${OFFHOOK_DEV:-1} $(VENV)/python -m offhook serve

engine: setup
	@$(if $(CALLS),OFFHOOK_ENGINE_CALLS=$(CALLS)) scripts/engine

engine-remove:
	@scripts/engine remove

test:
	@scripts/apt $(TEST_PACKAGES)
	@scripts/setup dev
	@scripts/engine ensure
	@$(VENV)/python -m pytest -n 2 --dist loadgroup $(ARGS)

chaos:
	@scripts/apt $(TEST_PACKAGES)
	@scripts/setup dev
	@scripts/engine ensure
	@$(VENV)/python -m tests.chaos $(ARGS)

check:
	@scripts/setup dev
	@$(VENV)/ruff format --check --quiet . || { echo "make format puts it right"; exit 1; }
	@$(VENV)/ruff check --quiet .
	@$(VENV)/mypy
	@$(VENV)/lint-imports --no-logo
	@$(VENV)/python scripts/size_bounds.py src tests bench scripts examples

format:
	@scripts/setup dev
	@$(VENV)/ruff format .
	@$(VENV)/ruff check --fix --quiet .

bench:
	@scripts/apt sip-tester
	@scripts/setup bench
	@scripts/engine ensure
	@$(VENV)/python -m bench

bench-speech:
	@scripts/setup bench
	@scripts/engine ensure
	@$(VENV)/python -m bench.speech $(ARGS)

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis
