"""Says what went wrong with a command, in a line or a few, with what to do. Everything else keeps its stack trace."""

from __future__ import annotations

from base.errors import ParleyError

_REMEDIES = {
    "outdated": "Publish it all the same with --force; `parley flows diff` shows what that would undo.",
    "bundle_conflicts": "Replace what is here with --overwrite, or rename yours first.",
    "dialogue_unavailable": "Is `parley up` running, and are PARLEY_RASA_URLS and PARLEY_RASA_SECRET right?",
}
"""What to do on the command line, by an error's code; the message itself names all that is concerned."""


def describe_problem(error: Exception) -> list[str] | None:
    """The lines to show; None for an error that nobody expected.

    A content's faults come a line each, in the form editors link to.
    """
    if isinstance(error, ParleyError):
        return _describe_ours(error)
    return _describe_database(error)


def _describe_ours(error: ParleyError) -> list[str]:
    if error.code == "flows_refused":
        faults = error.message.splitlines()
        return [
            *faults,
            f"parley: {len(faults)} fault{'' if len(faults) == 1 else 's'} in the contents; mend them first.",
        ]
    if error.code in _REMEDIES:
        return [f"parley: {error.message}", f"  {_REMEDIES[error.code]}"]
    return [f"parley: {error.message}", *("  " + ": ".join(problem.values()) for problem in error.errors)]


def _describe_database(error: Exception) -> list[str] | None:
    import psycopg
    from sqlalchemy.exc import DBAPIError

    cause = error.orig if isinstance(error, DBAPIError) else error
    if isinstance(cause, (psycopg.errors.UndefinedTable, psycopg.errors.UndefinedColumn)):
        return ["parley: the database does not have the newest schema: run `parley migrate` first."]
    if isinstance(cause, psycopg.OperationalError):
        return [f"parley: the database cannot be used: {' '.join(str(cause).split())}"]
    return None
