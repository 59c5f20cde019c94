"""Serve turns on loopback: ``python -m parley_rasa.serve --port N``. Opens no other interface or API.

Flows and models are pushed by the platform; those given on the command line are there from the start.
"""

from __future__ import annotations

import argparse
import gc
import json
import logging
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from parley_rasa.forked import keep_serving

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

logger = logging.getLogger(__name__)

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"
_NEEDED = (
    "rasa.core.run",
    "rasa.graph_components.validators.default_recipe_validator",
    "parley_rasa.model_contents",
    "parley_rasa.replies",
    "parley_rasa.turn_channel",
    "parley_rasa.turn_processor",
    "parley_rasa.value_extractor",
)


def quieten() -> None:
    """Turn off telemetry and what Rasa's old dependencies print at import; must run before Rasa is imported."""
    os.environ["RASA_TELEMETRY_ENABLED"] = "false"
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("SQLALCHEMY_SILENCE_UBER_WARNING", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    warnings.filterwarnings("ignore")
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    for chatty in ("rasa", "apscheduler", "asyncio", "matplotlib", "tensorflow", "h5py"):
        logging.getLogger(chatty).setLevel(logging.WARNING)


def use_encoder(folder: Path | None) -> None:
    """Let the components find the encoder given on the command line, if one was."""
    if folder is not None:
        os.environ["PARLEY_ENCODER_DIR"] = str(folder.resolve())


def quieten_structlog() -> None:
    """Drop Rasa's structlog debug events before they are built up: some of them carry the visitor's text."""
    import structlog

    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.ERROR))


def main(arguments: list[str] | None = None) -> int:
    """Keep a process that serves until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(description="Serve Parley's turns with Rasa.")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--model", type=Path, action="append", default=[], help="model to hold from the start")
    parser.add_argument("--flows", type=Path, action="append", default=[], help="compiled flows to hold from the start")
    parser.add_argument("--encoder", type=Path, help="folder written by bot.encoder_export (or PARLEY_ENCODER_DIR)")
    options = parser.parse_args(arguments)
    quieten()
    use_encoder(options.encoder)
    _import_all()
    with tempfile.TemporaryDirectory(prefix="parley-models-") as name:
        folder = Path(name)
        return keep_serving(lambda: serve(options.port, options.model, options.flows, folder), folder=folder)


def _import_all() -> None:
    """Import whatever serving and any model need, which takes seconds, before anything is forked."""
    for name in _NEEDED:
        import_module(name)
    quieten_structlog()


def serve(port: int, models: Sequence[Path], flows: Sequence[Path], folder: Path) -> int:
    """Load what is given, then serve until told to stop; return the exit status."""
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import RasaException

    from parley_rasa.dialogue.flows import FlowsError

    try:
        app = make_app(models, flows, folder)
    except (RasaException, GraphComponentException, FlowsError, OSError, ValueError) as error:
        print(f"rasa: {error.__cause__ or error}", file=sys.stderr)
        return 1
    # What has been imported stays: the collector need not look through it while turns wait.
    gc.freeze()
    app.run(host=HOST, port=port, workers=1, access_log=False, debug=False, motd=False)
    return 0


def make_app(models: Sequence[Path], flows: Sequence[Path], folder: Path) -> Any:
    """Return the Sanic application with the turn channel, holding what is given; pushes pass through the folder."""
    from rasa.core import channels
    from rasa.core.run import create_http_input_channels
    from sanic import Sanic

    from parley_rasa.held_flows import HeldFlows
    from parley_rasa.held_models import HeldModels
    from parley_rasa.replica import Replica

    routes = create_http_input_channels(None, str(PROJECT / "credentials.yml"))
    replica = Replica(HeldFlows(), HeldModels(load_agent, folder, known_keys()))
    for path in flows:
        document = json.loads(path.read_text("utf-8"))
        replica.flows.add(str(document.get("version")) if isinstance(document, dict) else "", document)
    for path in models:
        replica.models.add_file(path)
    app = Sanic("parley_rasa", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 256 * 1024  # bytes; a state and 4,000 characters are far below
    # Longer than the platform keeps a connection it does not use: who closes first must not be the one who is asked.
    app.config.KEEP_ALIVE_TIMEOUT = 60
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.replica = replica
    channels.channel.register(routes, app, route="/webhooks/")
    return app


def known_keys() -> list[Ed25519PublicKey]:
    """Return the keys of those whose models are taken; without any, say that nothing will be.

    Raises:
        ValueError: one of them is none.
    """
    from parley_rasa.model_signature import KEYS_VARIABLE, read_model_keys

    keys = read_model_keys(os.environ.get(KEYS_VARIABLE, ""))
    if not keys:
        logger.error(
            "no_model_keys reason=no model will be taken: set %s to what `parley keys models` prints", KEYS_VARIABLE
        )
    return keys


def load_agent(model: Path) -> Any:
    """Return an agent with the model loaded, wired as endpoints.yml says. May run in a thread.

    Raises:
        ContentsError: the file holds what our own training does not write.
    """
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints

    from parley_rasa.model_contents import check_contents
    from parley_rasa.turn_processor import TurnAgent

    check_contents(model)
    endpoints = AvailableEndpoints.read_endpoints(str(PROJECT / "endpoints.yml"))
    store = TrackerStore.create(endpoints.tracker_store)
    agent = TurnAgent(generator=endpoints.nlg, tracker_store=store)
    agent.load_model(model)
    return agent


if __name__ == "__main__":
    sys.exit(main())
