# Two commands set everything up: `make run` starts Facet, `make test` checks it.
SHELL := /bin/sh
UV := $(shell command -v uv 2>/dev/null || echo .uv/bin/uv)
TEST_ARGS ?=
# PyTorch (gigabytes) comes with TORCH=1; once there it stays.
TORCH ?= $(wildcard .venv/lib/python*/site-packages/torch)
EXTRAS = $(if $(TORCH),--extra torch)

.PHONY: run test bench clean

run: .uv-ready
	@sh .ci/system-libraries
	@test -d .venv || echo "Setting up Python packages and networks, once: about a minute"
	@$(UV) sync --quiet --locked --inexact --no-default-groups
	@$(UV) run --no-sync facet $(ARGS)

test: .uv-ready
	@sh .ci/system-libraries
	@test -d .venv || echo "Setting up Python packages and networks, once: about a minute"
	@$(UV) sync --quiet --locked $(EXTRAS)
	$(UV) run --no-sync ruff check .
	$(UV) run --no-sync ruff format --check .
	$(UV) run --no-sync mypy
	$(UV) run --no-sync lint-imports
	$(UV) run --no-sync pytest $(TEST_ARGS)

bench: .uv-ready
	@$(UV) sync --quiet --locked $(EXTRAS)
	$(UV) run --no-sync facet bench demo --frames 600

.PHONY: .uv-ready
.uv-ready:
	@command -v $(UV) >/dev/null 2>&1 || { \
	  echo "Installing uv into .uv"; \
	  python3 -m pip --version >/dev/null 2>&1 || { \
	    echo "Python's pip is missing. Install it (Debian: apt-get install python3-pip) and try again."; exit 1; }; \
	  python3 -m pip install --quiet --target .uv uv; }

clean:
	rm -rf .venv .uv dist
