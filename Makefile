# `make` alone says what there is. Everything goes into .venv and node_modules; nothing else is touched.

BIN := .venv/bin
DONE := .venv/.make
STEP := scripts/step
LABEXTENSION := jupyter_mlops/labextension/package.json
FREE_PORT := python -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
FRONTEND := $(shell find src style schema -type f ! -path '*/__tests__/*') tsconfig.json rspack.config.js

export PATH := $(CURDIR)/$(BIN):$(PATH)
export MLFLOW_DISABLE_TELEMETRY := true
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PIP_ROOT_USER_ACTION := ignore

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.NOTPARALLEL:
.PHONY: help install demo lab test lint test-py test-js test-ui pictures bench cluster cluster-node cluster-stop format clean

help: ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' Makefile

install: $(DONE)/project $(LABEXTENSION) ## the project with its front end, into .venv
	@:

# What these two keep lies in .demo, apart from the store of whoever tries them.
demo lab: export JUPYTER_CONFIG_PATH := $(CURDIR)/examples/config

demo: install ## a real sweep of examples/digits.ipynb, and its leaderboard
	@$(BIN)/python examples/demo.py

lab: install ## JupyterLab on the examples
	@$(BIN)/jupyter lab --ServerApp.root_dir=examples $(if $(filter 0,$(shell id -u)),--allow-root)

# --- Checks ---------------------------------------------------------------------------------------

test: lint test-py test-js test-ui ## everything below

lint: install ## ruff, mypy, import-linter, tsc, stylelint, prettier, eslint
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/jlpm lint:check

test-py: install ## pytest
	@$(STEP) "a container runtime" scripts/container-runtime
	$(BIN)/pytest

test-js: node_modules/.yarn-state.yml ## Jest
	$(BIN)/jlpm test

test-ui: install ui-tests/node_modules/.yarn-state.yml ## Galata: JupyterLab in a real browser
	@$(STEP) "a browser" scripts/browser
	@cd ui-tests && UI_TEST_PORT=$$($(FREE_PORT)) jlpm test $(STORIES) || \
	    { echo '--- the end of ui-tests/server.log ---'; tail -n 80 server.log; exit 1; }

pictures: install ui-tests/node_modules/.yarn-state.yml ## the form's pictures in docs/images, taken anew
	@$(STEP) "a browser" scripts/browser
	@cd ui-tests && UI_TEST_PORT=$$($(FREE_PORT)) jlpm test --config playwright.pictures.config.ts

bench: install ## the measurements (tests/benchmarks)
	$(BIN)/pytest tests/benchmarks -m benchmark -s

cluster: install ## a Kubernetes cluster on this machine, its nodes pretended
	@$(BIN)/python -m tests.cluster up

cluster-node: install ## the same and a real node, on which pods truly run; needs root and containerd
	@$(BIN)/python -m tests.cluster up --real-node --nodes 0

cluster-stop: ## stop it
	@$(BIN)/python -m tests.cluster stop

format: install ## let ruff, prettier, stylelint and eslint repair what they can
	$(BIN)/ruff check --fix
	$(BIN)/ruff format
	$(BIN)/jlpm lint

clean: ## remove what was built; .venv and node_modules stay
	rm -rf build coverage dist lib tsconfig.tsbuildinfo .eslintcache .stylelintcache .mypy_cache .ruff_cache .pytest_cache
	rm -rf jupyter_mlops/labextension ui-tests/playwright-report ui-tests/test-results ui-tests/server.log

# --- What the above needs, made once --------------------------------------------------------------

$(DONE)/python: scripts/setup-python
	@$(STEP) "virtual environment in .venv" scripts/setup-python
	@mkdir -p $(DONE) && touch $@

$(DONE)/node: scripts/setup-node $(DONE)/python
	@$(STEP) "Node.js" scripts/setup-node
	@touch $@

node_modules/.yarn-state.yml: package.json yarn.lock .yarnrc.yml $(DONE)/node
	@$(STEP) "JavaScript packages (a minute)" jlpm install --immutable
	@touch $@

$(LABEXTENSION): $(FRONTEND) node_modules/.yarn-state.yml
	@$(STEP) "front end" jlpm build:prod
	@touch $@

$(DONE)/project: pyproject.toml package.json scripts/setup-project | $(LABEXTENSION)
	@$(STEP) "Python packages (some minutes the first time)" scripts/setup-project
	@touch $@

ui-tests/node_modules/.yarn-state.yml: ui-tests/package.json ui-tests/yarn.lock $(DONE)/node
	@$(STEP) "browser test packages" sh -c 'cd ui-tests && jlpm install --immutable'
	@touch $@
