# All targets set up what they need: Python 3.11 or newer with venv, git and make suffice.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin

.PHONY: test test-editors vscode playground site zipapp demo lint format bench bench-files soak bytecode clean

test: lint bytecode
	$(BIN)/pytest -n $(WORKERS)

# In the editors themselves, which the first test of each installs into .editors or asks apt-get for. Ten minutes at most.
test-editors: $(VENV)/.test bytecode vscode
	SPEC_LS_EDITORS=1 $(BIN)/pytest -v tests/editors

# editors/vscode/spec-ls.vsix
vscode: editors/vscode/spec-ls.vsix

editors/%/node_modules/.package-lock.json: editors/%/package-lock.json
	@command -v npm >/dev/null || { echo 'This is built with npm, which comes with Node.js 20 or newer.' >&2; exit 1; }
	cd editors/$* && npm ci --silent --ignore-scripts
	@touch $@

editors/vscode/spec-ls.vsix: editors/vscode/node_modules/.package-lock.json LICENSE $(wildcard editors/vscode/*.json \
		editors/vscode/README.md editors/vscode/.vscodeignore editors/vscode/src/* editors/vscode/snippets/* \
		editors/vscode/walkthrough/*)
	cp LICENSE editors/vscode/LICENSE
	cd editors/vscode && npm run --silent package

# The page of `spec-ls playground`, into the package.
playground: editors/playground/node_modules/.package-lock.json
	cd editors/playground && npm run --silent check && npm run --silent build

# build/site: the playground with the server inside of the page, the guide and the rules, for any host of plain files.
site: $(VENV)/.test editors/playground/node_modules/.package-lock.json
	$(BIN)/python docs/site.py build/site

# dist/spec-ls.pyz: one file with all that spec-ls needs, for this system and this version of Python.
zipapp: $(VENV)/.run
	$(BIN)/python -m pip install --quiet --disable-pip-version-check 'shiv>=1.0.8,<2'
	mkdir -p dist
	$(BIN)/shiv --console-script spec-ls --output-file dist/spec-ls.pyz --python '/usr/bin/env python3' \
		--reproducible --extend-pythonpath .

lint: $(VENV)/.test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy --strict spec_ls

demo: $(VENV)/.run
	$(BIN)/python examples/demo.py

format: $(VENV)/.test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Our speed beside that of rumdl, a Markdown server written in Rust. QUICK=1: two minutes; WRITE=1: docs/benchmark.md.
bench: $(VENV)/.run bytecode
	@[ -n "$$RUMDL" ] || $(MAKE) --silent .bench/bin/rumdl \
		|| echo 'rumdl cannot be installed here; the benchmark goes without it' >&2
	$(BIN)/python bench/run.py $(if $(QUICK),--quick) $(if $(WRITE),--write)

# `spec-ls check` over many files beside `rumdl check` and `mdsmith check`; QUICK=1: 5,000 alone; WRITE=1: docs/benchmark-files.md.
bench-files: $(VENV)/.run bytecode
	@for name in rumdl mdsmith; do $(MAKE) --silent .bench/bin/$$name \
		|| echo "$$name cannot be installed here; the benchmark goes without it" >&2; done
	$(BIN)/python bench/files.py $(if $(QUICK),--quick) $(if $(WRITE),--write)

# The property tests on ever new examples for SOAK_SECONDS, and, once, the load and the hostile texts at their full size.
SOAK_SECONDS ?= 600
SOAK_EXAMPLES ?= 400
soak: $(VENV)/.test
	@end=$$(($$(date +%s) + $(SOAK_SECONDS))); round=0; \
	while [ $$(date +%s) -lt $$end ]; do \
		round=$$((round + 1)); echo "round $$round"; \
		if [ $$round -eq 1 ]; then load="tests/test_load.py tests/test_hostile.py tests/test_terminal.py"; else load=; fi; \
		SPEC_LS_SOAK=1 SPEC_LS_EXAMPLES=$(SOAK_EXAMPLES) $(BIN)/pytest -n $(WORKERS) $$load \
			tests/test_sync.py tests/test_fix_oracle.py tests/test_incremental.py || exit 1; \
	done

# As an installed package has it: else, with PYTHONDONTWRITEBYTECODE set, every server that starts compiles it anew.
bytecode: $(VENV)/.run
	$(BIN)/python -m compileall -q spec_ls

.bench/bin/rumdl:
	$(PYTHON) -m venv .bench
	.bench/bin/python -m pip install --quiet --disable-pip-version-check rumdl==0.3.0

.bench/bin/mdsmith: | .bench/bin/rumdl
	.bench/bin/python -m pip install --quiet --disable-pip-version-check mdsmith==0.57.0

clean:
	rm -rf $(VENV) .bench .editors editors/vscode/node_modules editors/vscode/dist editors/vscode/spec-ls.vsix build dist .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find spec_ls tests bench examples docs -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo 'spec-ls needs Python 3.11 or newer; name one: make PYTHON=python3.12 …' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Two stamps in one environment: the demo needs no test tools; the tests bring what the demo needs.
$(VENV)/.run: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.test: pyproject.toml | $(BIN)/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[test]'
	@touch $(VENV)/.run $@
