"""Serve turns on loopback: ``python -m parley_rasa.serve --model FILE --port N``. Opens no other interface or API."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
import warnings
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
HOST = "127.0.0.1"


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
    """Load the model, then serve until told to stop; return the exit status."""
    parser = argparse.ArgumentParser(description="Serve Parley's turns with Rasa.")
    parser.add_argument("--model", type=Path, required=True, help="model file written by parley_rasa.train")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--encoder", type=Path, help="folder written by bot.encoder_export (or PARLEY_ENCODER_DIR)")
    options = parser.parse_args(arguments)
    quieten()
    use_encoder(options.encoder)
    if not options.model.is_file():
        print(f"rasa: no model file {options.model}", file=sys.stderr)
        return 1
    from rasa.engine.exceptions import GraphComponentException
    from rasa.shared.exceptions import RasaException

    quieten_structlog()
    try:
        app = make_app(options.model)
    except (RasaException, GraphComponentException) as error:
        print(f"rasa: {error.__cause__ or error}", file=sys.stderr)
        return 1
    app.run(host=HOST, port=options.port, workers=1, access_log=False, debug=False, motd=False)
    return 0


def make_app(model: Path) -> Any:
    """Return the Sanic application with the turn channel, its agent loaded."""
    from rasa.core import channels
    from rasa.core.run import create_http_input_channels
    from sanic import Sanic

    agent = asyncio.run(load_agent(model))
    app = Sanic("parley_rasa", configure_logging=False)
    app.config.REQUEST_MAX_SIZE = 256 * 1024  # bytes; a state and 4,000 characters are far below
    app.config.FALLBACK_ERROR_FORMAT = "json"
    app.ctx.agent = agent
    channels.channel.register(
        create_http_input_channels(None, str(PROJECT / "credentials.yml")), app, route="/webhooks/"
    )
    return app


async def load_agent(model: Path) -> Any:
    """Return an agent with the model loaded, wired as endpoints.yml says."""
    from rasa.core.tracker_store import TrackerStore
    from rasa.core.utils import AvailableEndpoints

    from parley_rasa.turn_processor import TurnAgent

    endpoints = AvailableEndpoints.read_endpoints(str(PROJECT / "endpoints.yml"))
    store = TrackerStore.create(endpoints.tracker_store)
    agent = TurnAgent(generator=endpoints.nlg, tracker_store=store)
    agent.load_model(model)
    return agent


if __name__ == "__main__":
    sys.exit(main())
