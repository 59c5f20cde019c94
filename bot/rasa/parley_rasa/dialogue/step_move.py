"""What the steps do that leave the bot or the channel: a person takes over, the talk goes on elsewhere."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from parley_rasa.dialogue import questions
from parley_rasa.dialogue.choices import data_of
from parley_rasa.dialogue.stack import end_everything, go_to, leave_step
from parley_rasa.dialogue.turn import Turn
from parley_rasa.team_hours import is_there

DEFAULT_TEAM = "default"

Step = dict[str, Any]


def handoff(turn: Turn, step: Step) -> None:
    """Let the team take over; while nobody is there, go the other way or say so."""
    team = step["team"]
    if is_team_there(turn, team):
        turn.say(turn.wording() or turn.pattern("handed_off"), step=turn.step_id)
    elif step.get("fallback"):
        go_to(turn, step["fallback"])
        return
    else:
        turn.say(turn.wording("closed") or turn.pattern("closed") or turn.wording(), step=turn.step_id)
    hand_off(turn, team, "flow")


def hand_off(turn: Turn, team: str, reason: str) -> None:
    """Let a person take over; from now on the bot is silent."""
    turn.add_effect("hand_off", team=team, reason=reason, open=is_team_there(turn, team))
    end_everything(turn, "handed_off")
    # Should the bot speak here again, it says anew what it is.
    turn.state.update(handed_off=True, noticed=False)


def hand_off_on_request(turn: Turn, reason: str) -> None:
    """Hand off outside the flow's own steps: to the team that the running (or entry) flow would hand off to."""
    flow = turn.flows.flow(turn.frame["flow"] if turn.frame else turn.flows.entry_flow)
    teams = [step["team"] for step in flow["steps"].values() if step["step"] == "handoff"]
    team = teams[0] if teams else DEFAULT_TEAM
    turn.say((not is_team_there(turn, team) and turn.pattern("closed")) or turn.pattern("handed_off"))
    hand_off(turn, team, reason)


def is_team_there(turn: Turn, team: str) -> bool:
    return is_there(turn.flows.teams.get(team, {}), turn.now)


def move_channel(turn: Turn, step: Step) -> bool:
    """Give the code that opens the talk elsewhere, and wait for who rather stays."""
    if data_of(turn).get("code"):
        questions.ask(turn)
        return True
    turn.ask_need("resume_code", channels=step["channels"])
    return False


def on_resume_code(turn: Turn, step: Step, result: Any) -> bool:
    """Show the code; without one nobody can move, so the talk goes on here."""
    if not isinstance(result, Mapping) or not result.get("code"):
        leave_step(turn)
        return False
    data_of(turn).update(code=str(result["code"]), link=str(result.get("link") or ""))
    questions.ask(turn)
    return True
