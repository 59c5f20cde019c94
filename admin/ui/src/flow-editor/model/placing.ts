/** Places for steps by dagre: from above to below, ways as straight as can be. Slow for many steps: `layout` runs it aside. */
import { Graph, layout } from '@dagrejs/dagre';
import type { Place, Step } from './document';
import { STEP_HEIGHT, STEP_WIDTH } from './sizes';
import { portOf, waysOf } from './ways';

/** Gives every step a place. Steps that nothing leads to stand beside the others. */
export function placeSteps(steps: readonly Step[]): Record<string, Place> {
  const graph = new Graph({ multigraph: true });
  graph.setGraph({ rankdir: 'TB', nodesep: 36, ranksep: 64, marginx: 0, marginy: 0 });
  graph.setDefaultEdgeLabel(() => ({}));
  const known = new Set(steps.map((step) => step.id));
  for (const id of known) graph.setNode(id, { width: STEP_WIDTH, height: STEP_HEIGHT });
  for (const way of [...waysOf(steps).values()].flat()) {
    // The main way holds the line; side ways give way.
    if (known.has(way.to)) graph.setEdge(way.from, way.to, { weight: way.side ? 1 : 3 }, portOf(way.within));
  }
  layout(graph);
  return Object.fromEntries(
    [...known].map((id) => {
      const { x, y } = graph.node(id) as { x: number; y: number };
      return [id, { x: Math.round(x - STEP_WIDTH / 2), y: Math.round(y - STEP_HEIGHT / 2) }];
    }),
  );
}
