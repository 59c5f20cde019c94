# Parley. A bare `make` prints this help.
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
BIN := .venv/bin

.DEFAULT_GOAL := help
.PHONY: help setup setup-dev run train check format test test-long fuzz test-rasa test-ui bench clients api tour lock clean

help: ## This help
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

python-found:
	@if [ -z "$(PYTHON)" ]; then echo "Parley needs Python 3.11 or newer; none was found. Get it with: apt-get install python3.11 python3.11-venv"; exit 1; fi

setup: python-found ## Set up everything that running needs (each step skipped when done)
	@$(PYTHON) -m server.setup.install

setup-dev: python-found ## Set up everything that tests and checks need, too
	@$(PYTHON) -m server.setup.install --dev

run: setup ## Set up, start everything on this machine and print the site's address
	@$(BIN)/python -m server.cli up

train: setup ## Train the dialogue model again from the examples
	@$(BIN)/python -m server.cli train

check: ## Format, lint, types, imports (quick; what the hook runs)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache

format: ## Format and mend what can be mended by itself
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

# What was compiled once is kept.
test: export PYTHONDONTWRITEBYTECODE =
test: setup-dev ## Set up what is missing, then run every check and every test
	@$(MAKE) --no-print-directory -j2 rasa-beside platform-tests

# Rasa's side keeps one core busy for longer than the checks and pages keep the other: the platform begins beside it.
# What it says comes in one piece, in the midst of theirs.
rasa-beside:
	@said=$$(mktemp); $(MAKE) --no-print-directory test-rasa >$$said 2>&1; ended=$$?; cat $$said; rm $$said; exit $$ended

# Three at once on two cores: one waits for a browser most of the time.
platform-tests: check test-ui
	@$(BIN)/python -m pytest -n 3 --dist loadscope --no-loadscope-reorder

test-long: setup-dev ## The tests that take many minutes: hundreds of killed workers, a database stopped again and again
	@$(BIN)/python -m pytest -m long -s

fuzz: ## Look a minute for each parser of strangers' bytes for some that break it
	@for parser in signature form mime keyword template frame; do \
		$(BIN)/python -m tests.fuzz.look $$parser -max_total_time=60 -rss_limit_mb=2048 -timeout=10 -verbosity=0 || exit 1; done

test-rasa: ## The tests of Rasa's side, under its own interpreter
	@.venv-rasa/bin/python -m pytest -c tests/bot/rasa/pytest.ini tests/bot/rasa

test-ui: ## The tests of the widget and the admin UI
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix channels/web/widget test
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix admin/ui test

bench: ## Run every benchmark and print one table (an hour or two; DATA=folder of the public data sets)
	@$(BIN)/python -m benchmarks $(if $(DATA),--data $(DATA))

clients: ## Make the Python and the TypeScript client in clients/ from the API's description
	@$(BIN)/python -m admin.describe
	@$(BIN)/uv tool run --from openapi-python-client==0.29.1 --with ruff==0.17.6 openapi-python-client generate --overwrite \
		--path admin/ui/src/api/openapi.json --config clients/python.yml --meta uv --output-path clients/python
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix clients/typescript ci --silent
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix clients/typescript run --silent build

api: ## Write the API's description and the admin UI's types after a change of endpoints
	@$(BIN)/python -m admin.describe
	@PATH="$$PATH:$(CURDIR)/$(BIN)" npm --prefix admin/ui run --silent api

tour: setup-dev ## Take the pictures of docs/tour.md anew
	@PARLEY_DOCS_TOUR=$(CURDIR)/docs/images/tour $(BIN)/python -m pytest tests/journey_of_a_lead/test_docs_tour.py
	@$(BIN)/uv run --no-project --quiet --with pillow==12.0.0 python tests/journey_of_a_lead/small_pictures.py docs/images/tour

lock: ## Write the lock files from the .in files
	@bash requirements/lock.sh

clean: ## Remove environments, builds and set-up marks; keeps the data in var/
	rm -rf .venv .venv-rasa var/setup channels/web/widget/dist channels/web/widget/node_modules admin/ui/dist admin/ui/node_modules
