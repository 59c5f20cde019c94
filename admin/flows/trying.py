"""The endpoints of trying out drafts: words as channels show them, talks, and how real talks went."""

from __future__ import annotations

from datetime import timedelta

from admin.api.endpoints import Call, endpoint
from admin.flows.shapes import (
    Act,
    CallsBack,
    ChannelRendering,
    DropOff,
    DropOffQuery,
    EdgeFigures,
    SendsFile,
    ShownButton,
    SimulatedNeed,
    SimulatedReply,
    SimulatedTimer,
    Simulation,
    SimulationWish,
    Starts,
    StepFigures,
    Taps,
    Waits,
    WalkedEdge,
    WordingPreview,
    WordingPreviewWish,
    Writes,
)
from admin.snapshot import snapshot
from base.errors import InvalidInput, NotFound
from bot.dialogue import Need, Reply
from bot.publishing.rehearsal import Beat, Rehearsal
from bot.publishing.simulating import Opening, Played, Simulator
from bot.publishing.wording_previews import CHANNELS, Shown, preview, show
from bot.walked import StepPassed, read_passed
from flows.content_data import kind_of

MAX_TALK = 500_000
"""Bytes of an act with the talk it goes on."""
_USUAL_PERIOD = timedelta(days=30)


@endpoint(
    "POST",
    "/api/v1/flows/previews",
    permission="flows.read",
    summary="A step with its words as each channel shows it, with the segments it takes by SMS",
)
async def preview_wording(_call: Call, body: WordingPreviewWish) -> WordingPreview:
    return WordingPreview(renderings=[_rendering(shown) for shown in preview(body.step, body.wording, body.language)])


@endpoint(
    "POST",
    "/api/v1/flows/simulations",
    permission="flows.write",
    summary="The next turn of a talk with the drafts; nothing is stored, sent or called",
    problems={
        404: "There is no such flow",
        409: "The draft has problems that keep it from being talked with",
        422: "Nothing can be tapped so, or the talk was not given by this endpoint",
        502: "A dialogue process gave no usable answer",
        503: "No dialogue process answers, or nothing is published yet",
    },
    max_body=MAX_TALK,
)
async def simulate_flow(call: Call, body: SimulationWish) -> Simulation:
    context = call.context
    if kind_of(body.item) != "flow":
        raise InvalidInput("Only flows are talked with; journeys are simulated with their own endpoints.")
    desk = context.flows
    simulator = Simulator(context.sessions, desk.turns, desk.source, context.keys, context.clock, desk.checks)
    opening = Opening(body.item, body.channel, body.language, body.known)

    async def act(rehearsal: Rehearsal) -> Beat:
        return await _act(rehearsal, body.act, body.item)

    return _simulation(await simulator.play(opening, act, body.talk, by=call.user.id))


@endpoint(
    "GET",
    "/api/v1/flows/drop-off",
    permission="flows.read",
    summary="How real talks went through a flow over a period: on each edge, and where they stopped",
    problems={404: "It is no flow"},
)
async def get_drop_off(call: Call, query: DropOffQuery) -> DropOff:
    if kind_of(query.item) != "flow":
        raise NotFound("Talks go through flows only; people in journeys are counted with the journey.")
    until = query.until or call.context.clock.now()
    since = query.since or until - _USUAL_PERIOD
    async with snapshot(call.context.sessions) as session:
        passed = await read_passed(session, query.item.partition("/")[2], since, until)
    arrived = {one.step: one.arrived for one in passed.steps}
    return DropOff(
        item=query.item,
        since=since,
        until=until,
        talks=passed.talks,
        steps=[_figures(one) for one in passed.steps],
        edges=[
            EdgeFigures(
                step=edge.step,
                to=edge.to,
                talks=edge.talks,
                # A talk that came to the step before the period is counted on the edge only.
                share=min(1.0, edge.talks / max(1, arrived.get(edge.step, 0))),
                median_seconds=edge.median,
            )
            for edge in passed.edges
        ],
    )


async def _act(rehearsal: Rehearsal, act: Act, item: str) -> Beat:
    match act:
        case Starts():
            return await rehearsal.start(item.partition("/")[2])
        case Writes(text=text):
            return await rehearsal.say(text)
        case Taps(value=value):
            return await rehearsal.tap(value)
        case SendsFile(name=name):
            return await rehearsal.send_file(name)
        case Waits(seconds=seconds):
            return await rehearsal.wait(timedelta(seconds=seconds))
        case CallsBack(body=body):
            return await rehearsal.call_back(body)


def _simulation(played: Played) -> Simulation:
    rehearsal, beat = played.rehearsal, played.beat
    timer = rehearsal.timer
    return Simulation(
        talk=played.talk,
        replies=[_reply(reply, rehearsal.scenery.language) for reply in beat.replies],
        stands_on=rehearsal.open_step,
        ended=rehearsal.ended,
        acted_as=beat.acted_as,
        timer=SimulatedTimer(kind=timer.kind, step=timer.step, seconds=timer.seconds) if timer else None,
        slots=rehearsal.slots,
        effects=beat.effects,
        needs=[_need(need) for need in played.needs],
        # A way into a flow has no step that it comes from.
        walked=[WalkedEdge(flow=flow, step=step, to=to) for flow, step, to in beat.walked if step is not None],
        now=rehearsal.now,
        problems=len(played.faults),
    )


def _reply(reply: Reply, language: str) -> SimulatedReply:
    return SimulatedReply(
        step=reply.step,
        text=reply.text,
        input=reply.input,
        choices=[ShownButton(value=choice.value, label=choice.label) for choice in reply.choices],
        notice=reply.notice,
        renderings=[_rendering(show(reply, channel, language)) for channel in CHANNELS],
    )


def _rendering(shown: Shown) -> ChannelRendering:
    rendered, segments = shown.rendered, shown.segments
    return ChannelRendering(
        channel=shown.channel,
        texts=list(rendered.texts),
        spoken=list(rendered.spoken),
        buttons=[ShownButton(value=button.value, label=button.label) for button in rendered.buttons],
        keys=dict(rendered.keys),
        segments=segments.count if segments else None,
        alphabet=segments.encoding if segments else None,
        characters=shown.characters,
    )


def _need(need: Need) -> SimulatedNeed:
    what = need.model_dump(mode="json", exclude_defaults=True, exclude={"need", "step", "vector", "encoder"})
    return SimulatedNeed(need=need.need, step=need.step, what=what)


def _figures(one: StepPassed) -> StepFigures:
    return StepFigures(
        step=one.step, arrived=one.arrived, stopped=one.stopped, ended=one.ended, median_seconds=one.median
    )


ENDPOINTS = (preview_wording, simulate_flow, get_drop_off)
