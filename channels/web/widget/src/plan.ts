/** Decides what the connection does next: session, socket, long-poll, wait or stop. Pure: no clock, no network. */

export type Why = "opened" | "lost" | "unauthorized" | "rejected" | "refused" | "due";

/** How one step ended; `ready_for` is how long it served the visitor (milliseconds), 0 when it never did. */
export interface Ending {
  readonly why: Why;
  readonly ready_for: number;
}

export interface Plan {
  readonly step: "session" | "socket" | "poll" | "stop";
  /** The attempt to back off by; 0 means at once. */
  readonly wait: number;
  readonly failures: number;
  readonly socket_failures: number;
  readonly rejections: number;
  readonly offer_token: boolean;
}

export const FIRST_PLAN: Plan = {
  step: "session",
  wait: 0,
  failures: 0,
  socket_failures: 0,
  rejections: 0,
  offer_token: true,
};

const SOCKET_ATTEMPTS = 2;
const STABLE = 10_000; // milliseconds after which a connection counts as having worked
const POLL_PERIOD = 60_000; // milliseconds of polling before the socket is tried again

export function decideNext(plan: Plan, ending: Ending): Plan {
  if (ending.why === "refused") return { ...plan, step: "stop", wait: 0 };
  if (ending.why === "unauthorized") return renewSession(plan, ending);
  if (plan.step === "session") return afterSession(plan, ending);
  return plan.step === "socket" ? afterSocket(plan, ending) : afterPoll(plan, ending);
}

/** The longer sockets have failed here, the rarer they are tried. */
export function decidePollPeriod(plan: Plan): number {
  return POLL_PERIOD * 2 ** Math.min(3, Math.max(0, plan.socket_failures - SOCKET_ATTEMPTS));
}

function afterSession(plan: Plan, ending: Ending): Plan {
  if (ending.why === "opened") return { ...plan, step: "socket", wait: 0, offer_token: true };
  const failures = plan.failures + 1;
  return { ...plan, wait: failures, failures, offer_token: plan.offer_token && ending.why !== "rejected" };
}

/** The first refusal offers the old token again (the server may renew it); the second begins afresh. */
function renewSession(plan: Plan, ending: Ending): Plan {
  const rejections = ending.ready_for > 0 ? 1 : plan.rejections + 1;
  return { ...plan, step: "session", rejections, wait: rejections - 1, offer_token: rejections < 2 };
}

function afterSocket(plan: Plan, ending: Ending): Plan {
  if (ending.ready_for > 0) {
    const failures = countFailures(plan, ending);
    return { ...plan, wait: failures, failures, socket_failures: 0, rejections: 0 };
  }
  const socket_failures = plan.socket_failures + 1;
  if (socket_failures >= SOCKET_ATTEMPTS) return { ...plan, step: "poll", wait: 0, socket_failures };
  return { ...plan, wait: plan.failures + 1, failures: plan.failures + 1, socket_failures };
}

function afterPoll(plan: Plan, ending: Ending): Plan {
  const rejections = ending.ready_for > 0 ? 0 : plan.rejections;
  if (ending.why === "due") return { ...plan, step: "socket", wait: 0, failures: 0, rejections };
  const failures = countFailures(plan, ending);
  return { ...plan, step: "socket", wait: failures, failures, rejections };
}

function countFailures(plan: Plan, ending: Ending): number {
  return ending.ready_for >= STABLE ? 1 : plan.failures + 1;
}
