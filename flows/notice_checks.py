"""Proves over all paths that a visitor is told that an automated assistant speaks before it asks anything or ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from flows.conditions import Condition
from flows.content import Content, FlowFolder
from flows.errors import FlowError
from flows.graph import closing_steps
from flows.graph_checks import pauses_in
from flows.path_walk import PathWalk, joined_with
from flows.steps import AINotice, AnswerKB, CallFlow, IntentRoute, Jump, Return, StepBase, Waiting


class _Noticed:
    """The state of the walk is whether the notice was given."""

    def begin(self, folder: FlowFolder, state: bool) -> bool:  # noqa: ARG002, FBT001 - the walk's port
        return state

    def after(self, step: StepBase, state: bool) -> Iterable[bool]:  # noqa: FBT001
        return [state or isinstance(step, AINotice)]

    def unanswered(self, step: StepBase, state: bool) -> bool:  # noqa: ARG002, FBT001
        return state

    def truths(self, condition: Condition, state: bool) -> frozenset[bool]:  # noqa: ARG002, FBT001
        return frozenset({True, False})


def check_notice(root: str, content: Content) -> Iterator[FlowError]:
    """Refuse flows that can ask, or end, before it was said that they are automated; one fault in each."""
    flows = joined_with(content.flows, root)
    walk = PathWalk(flows, root, _Noticed(), False)
    late = {
        (meeting.frame.flow, meeting.step): meeting
        for meeting in reversed(walk.met)
        if not meeting.state and _matters(flows[meeting.frame.flow], meeting.step, alone=meeting.frame == walk.root)
    }
    for name, folder in flows.items():
        index = next((index for index, step in enumerate(folder.model.steps) if (name, step.id) in late), None)
        if index is not None:
            example = walk.example(late[name, folder.model.steps[index].id])
            problem = "some path comes here before the visitor was told that an automated assistant speaks"
            remedy = "Put an `ai_notice` before it"
            yield folder.step_fault(index, "notice.late", f"{problem} (for example {example})", remedy, "id")


def _matters(folder: FlowFolder, step_id: str, *, alone: bool) -> bool:
    """Tell whether a step asks or ends. A silent return matters only where nobody waits for it."""
    step = folder.model.steps[folder.index_of(step_id)]
    if isinstance(step, AINotice):
        return False
    if isinstance(step, Waiting):
        return pauses_in(folder, step) if isinstance(step, IntentRoute | AnswerKB) else True
    if isinstance(step, Jump | CallFlow):
        return False
    return step_id in closing_steps(folder.model.steps) and (alone or not isinstance(step, Return))
