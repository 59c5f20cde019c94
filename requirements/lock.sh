#!/usr/bin/env bash
# Writes every lock file from its .in file. Run by `make lock`; needs the development environment.
set -euo pipefail
cd "$(dirname "$0")/.."
compile() {
  .venv/bin/uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-annotate \
    --custom-compile-command 'make lock' "$@"
}
printf 'torch\n' > requirements/.excluded
trap 'rm -f requirements/.excluded' EXIT
compile --python-version 3.11 requirements/platform.in -o requirements/platform.lock
compile --python-version 3.11 --excludes requirements/.excluded -c requirements/platform.lock \
  requirements/encoder.in -o requirements/encoder.lock
compile --python-version 3.11 -c requirements/platform.lock requirements/dev.in -o requirements/dev.lock
compile --python-version 3.11 requirements/node.in -o requirements/node.lock
compile --python-version 3.10 bot/rasa/requirements.in -o bot/rasa/requirements.lock
compile --python-version 3.10 -c bot/rasa/requirements.lock bot/rasa/requirements-dev.in -o bot/rasa/requirements-dev.lock
