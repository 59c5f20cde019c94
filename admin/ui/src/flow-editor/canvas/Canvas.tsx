/** The canvas of steps: by mouse, by touch and wholly by keyboard. Edits nothing itself; it tells what is wished. */
import '@xyflow/react/dist/style.css';
import {
  applyNodeChanges, Background, BackgroundVariant, Controls, MiniMap, ReactFlow, useReactFlow, type Connection, type NodeChange,
} from '@xyflow/react';
import { useComputedColorScheme } from '@mantine/core';
import { useCallback, useEffect, useMemo, useRef, useState, type KeyboardEvent, type RefObject } from 'react';
import { isRecord, type Path, type Place } from '../model/document';
import { STEP_HEIGHT, STEP_WIDTH } from '../model/layout';
import { stepTowards, type Arrow } from '../model/moving';
import { waysOf, type Way } from '../model/ways';
import { useOnPhone } from '../../look/useOnPhone';
import { useEditorWords } from '../words';
import { edgesOf, nodesOf, type StepNode as StepNodeType, type View, type WayEdge as WayEdgeType } from './build';
import { StepNode } from './StepNode';
import { WayEdge } from './WayEdge';
import styles from './canvas.module.css';

const NODE_TYPES = { step: StepNode };
const EDGE_TYPES = { way: WayEdge };
const ARROWS = new Set(['ArrowUp', 'ArrowDown', 'ArrowLeft', 'ArrowRight']);
const NUDGE = 24; // pixels by which Alt and an arrow move a step
const MINIMAP_FROM = 12; // steps
const WHOLE_FLOW = { minZoom: 0.08, maxZoom: 1, padding: 0.1 };
const BELOW_ENTRY = 300; // pixels from the first step to the middle of the first view
const LOOKED_FOR = 300; // frames until a step that is not drawn is given up
const WHOLE = 14; // steps that are shown all at once when the editor opens

export interface CanvasWishes {
  onSelect: (ids: readonly string[]) => void;
  onGoTo: (id: string) => void;
  onOpen: (id: string) => void;
  onMove: (places: Record<string, Place>) => void;
  onConnect: (from: string, within: Path, to: string) => void;
  onRemove: (ids: readonly string[]) => void;
  onAdd: (after: string | null) => void;
  onConnecting: (from: string | null) => void;
  onTarget: (id: string) => void;
}

interface Props extends CanvasWishes {
  view: View;
  /** The step that a way is being led from by keyboard. */
  connecting: string | null;
  mayWrite: boolean;
  /** Grows when the step that is current is to be shown and focused. */
  shown: number;
}

export function Canvas({ view, connecting, mayWrite, shown, ...wishes }: Props) {
  const { t } = useEditorWords();
  const scheme = useComputedColorScheme('light');
  const onPhone = useOnPhone();
  const [nodes, setNodes] = useState<StepNodeType[]>(() => nodesOf(view, []));
  const [edges, setEdges] = useState<WayEdgeType[]>(() => edgesOf(view, []));
  const ways = useMemo(() => waysOf(view.document.steps), [view.document.steps]);
  const isSmall = view.document.steps.length <= WHOLE;
  const labels = useMemo(() => ({
    'controls.ariaLabel': t('view_controls'), 'controls.zoomIn.ariaLabel': t('zoom_in'), 'controls.zoomOut.ariaLabel': t('zoom_out'),
    'controls.fitView.ariaLabel': t('fit_view'), 'minimap.ariaLabel': t('minimap'),
  }), [t]);
  useEffect(() => {
    setNodes((before) => nodesOf(view, before));
    setEdges((before) => edgesOf(view, before));
  }, [view]);
  const awaited = useShownStep(view.target ?? view.current, view.document.places, shown);

  const onNodesChange = useCallback((changes: NodeChange<StepNodeType>[]) => {
    // What is selected is decided outside; here only places while dragging, and measures.
    setNodes((before) => applyNodeChanges(changes.filter(({ type }) => type === 'position' || type === 'dimensions'), before));
  }, []);

  const onKeyDown = (event: KeyboardEvent<HTMLDivElement>) => {
    const focused = event.target instanceof HTMLElement ? event.target.dataset.step : undefined;
    if ((focused === undefined && event.target !== event.currentTarget) || event.ctrlKey || event.metaKey) return;
    // Who presses quickly is at a step before it is drawn.
    const on = awaited.current ?? focused;
    if (on === undefined) return;
    const handled = keyOnStep(event, on, { view, ways, connecting, mayWrite, wishes });
    if (handled) {
      event.preventDefault();
      event.stopPropagation();
    }
  };

  return (
    <div className={styles.canvas} onKeyDown={onKeyDown} tabIndex={-1} data-testid="canvas">
      <ReactFlow<StepNodeType, WayEdgeType>
        nodes={nodes} edges={edges} nodeTypes={NODE_TYPES} edgeTypes={EDGE_TYPES} colorMode={scheme} aria-label={t('canvas')}
        onNodesChange={onNodesChange}
        onNodeDragStop={(_, __, moved) => wishes.onMove(Object.fromEntries(moved.map(({ id, position }) => [id, { x: Math.round(position.x), y: Math.round(position.y) }])))}
        onNodeClick={(event, node) => {
          if (node.data.mark === 'removed') return;
          if (connecting !== null) wishes.onConnect(connecting, portFor(view, connecting), node.id);
          else if (event.shiftKey || event.ctrlKey || event.metaKey) wishes.onSelect(toggled(view.selection, node.id));
          else wishes.onGoTo(node.id);
        }}
        onNodeDoubleClick={(_, node) => node.data.mark !== 'removed' && wishes.onOpen(node.id)}
        onPaneClick={() => wishes.onSelect([])}
        onConnect={({ source, target, sourceHandle }: Connection) => sourceHandle === 'on' && wishes.onConnect(source, portFor(view, source), target)}
        onReconnect={(edge, { target }) => wishes.onConnect(edge.source, withinOf(ways, edge), target)}
        nodesDraggable={mayWrite} nodesConnectable={mayWrite} edgesReconnectable={mayWrite} nodesFocusable={false} edgesFocusable={false}
        disableKeyboardA11y deleteKeyCode={null} selectionKeyCode={null} multiSelectionKeyCode={null} zoomOnDoubleClick={false}
        onlyRenderVisibleElements elevateNodesOnSelect={false} minZoom={0.08} maxZoom={1.6} fitView={isSmall} ariaLabelConfig={labels}
        onInit={(flow) => {
          const entry = view.document.places[[...view.entries][0] ?? ''];
          if (!isSmall && entry) void flow.setCenter(entry.x + STEP_WIDTH / 2, entry.y + BELOW_ENTRY, { zoom: 0.8 });
        }}
        fitViewOptions={{ maxZoom: 1, minZoom: onPhone ? 0.5 : 0.35, padding: 0.12 }}
      >
        <Background variant={BackgroundVariant.Dots} gap={22} size={1.4} />
        <Controls showInteractive={false} fitViewOptions={WHOLE_FLOW} />
        {!onPhone && view.document.steps.length > MINIMAP_FROM && <MiniMap pannable zoomable nodeBorderRadius={12} />}
      </ReactFlow>
    </div>
  );
}

interface KeyScene {
  view: View;
  ways: ReadonlyMap<string, readonly Way[]>;
  connecting: string | null;
  mayWrite: boolean;
  wishes: CanvasWishes;
}

/** What a key does on a step; true when it did something. */
function keyOnStep(event: KeyboardEvent, on: string, { view, ways, connecting, mayWrite, wishes }: KeyScene): boolean {
  const { places } = view.document;
  if (ARROWS.has(event.key)) {
    if (event.altKey && mayWrite) {
      const place = places[on];
      if (!place) return false;
      const [x, y] = { ArrowUp: [0, -NUDGE], ArrowDown: [0, NUDGE], ArrowLeft: [-NUDGE, 0], ArrowRight: [NUDGE, 0] }[event.key as Arrow] as [number, number];
      wishes.onMove({ [on]: { x: place.x + x, y: place.y + y } });
      return true;
    }
    const to = stepTowards(connecting === null ? on : view.target ?? on, event.key as Arrow, places, ways);
    if (to !== null) (connecting === null ? wishes.onGoTo : wishes.onTarget)(to);
    return true;
  }
  switch (event.key) {
    case 'Enter':
      if (connecting === null) wishes.onOpen(on);
      else if (view.target !== null) wishes.onConnect(connecting, portFor(view, connecting), view.target);
      return true;
    case ' ':
      wishes.onSelect(toggled(view.selection, on));
      return true;
    case 'Escape':
      if (connecting === null) return false;
      wishes.onConnecting(null);
      return true;
    case 'Delete':
    case 'Backspace':
      if (mayWrite) wishes.onRemove(view.selection.has(on) ? [...view.selection] : [on]);
      return mayWrite;
    case 'a':
    case 'A':
      if (mayWrite) wishes.onAdd(on);
      return mayWrite;
    case 'c':
    case 'C':
      if (mayWrite) wishes.onConnecting(on);
      return mayWrite;
    case 'Home':
    case 'End': {
      const steps = view.document.steps;
      const to = event.key === 'Home' ? [...view.entries][0] : steps.at(-1)?.id;
      if (to !== undefined) wishes.onGoTo(to);
      return true;
    }
    default:
      return false;
  }
}

/** A step with several ways by next gets one more; any other is led elsewhere. */
function portFor(view: View, from: string): Path {
  const step = view.document.steps.find(({ id }) => id === from);
  return Array.isArray(step?.next) || step?.step === 'branch' ? ['next', 'add'] : ['next'];
}

function withinOf(ways: ReadonlyMap<string, readonly Way[]>, edge: WayEdgeType): Path {
  const port = edge.id.slice(edge.source.length + 1);
  const way = ways.get(edge.source)?.find(({ within }) => (within.length === 0 ? 'next' : within.join('.')) === port);
  return way && way.within.length > 0 ? way.within : ['next'];
}

function toggled(selection: ReadonlySet<string>, id: string): string[] {
  return selection.has(id) ? [...selection].filter((one) => one !== id) : [...selection, id];
}

/** Brings the current step into sight and gives it the focus, when that is asked for; tells which one is awaited. */
function useShownStep(id: string | null, places: Readonly<Record<string, Place>>, shown: number): RefObject<string | null> {
  const flow = useReactFlow();
  const served = useRef(shown);
  const awaited = useRef<string | null>(null);
  useEffect(() => {
    if (id === null || served.current === shown) return;
    served.current = shown;
    const place = places[id];
    const holder = document.querySelector('[data-testid="canvas"]');
    if (!place || !(holder instanceof HTMLElement)) return;
    const { x, y, zoom } = flow.getViewport();
    const left = place.x * zoom + x;
    const top = place.y * zoom + y;
    const isInSight = zoom > 0.3 && left > 0 && top > 0 && left + STEP_WIDTH * zoom < holder.clientWidth && top + STEP_HEIGHT * zoom < holder.clientHeight;
    if (!isInSight) void flow.setCenter(place.x + STEP_WIDTH / 2, place.y + STEP_HEIGHT / 2, { zoom: Math.max(zoom, 0.6) });
    awaited.current = id;
    return focusWhenDrawn(holder, id, () => {
      awaited.current = null;
    });
  }, [flow, id, places, shown]);
  return awaited;
}

/** A step out of sight is drawn only once it has come into sight. Until then the canvas hears the keys. */
function focusWhenDrawn(holder: HTMLElement, id: string, done: () => void): () => void {
  let tries = 0;
  let frame = requestAnimationFrame(function look() {
    const step = holder.querySelector(`[data-step="${CSS.escape(id)}"]`);
    tries += 1;
    if (step instanceof HTMLElement) step.focus({ preventScroll: true });
    else holder.focus({ preventScroll: true });
    if (step instanceof HTMLElement || tries >= LOOKED_FOR) done();
    else frame = requestAnimationFrame(look);
  });
  return () => cancelAnimationFrame(frame);
}

/** The label of a way: its condition, or what makes one take it. */
export function wayWords(way: Way, step: { readonly [field: string]: unknown }, say: { condition: (way: Way) => string; field: (name: string) => string; value: (value: string) => string; otherwise: string }): string {
  if (!way.side) return way.condition ? say.condition(way) : way.within.length > 1 && way.within[1] !== 0 ? say.otherwise : '';
  const [name, key] = way.within;
  const field = step[String(name)];
  if (name === 'no_reply_after' && isRecord(field)) return `${say.field('no_reply_after')} ${String(field.wait ?? '')}`;
  if (Array.isArray(field) && typeof key === 'number') {
    const part: unknown = field[key];
    if (isRecord(part)) return part.name !== undefined ? `${String(part.name).replaceAll('_', ' ')} (${String(part.weight ?? 1)})` : `≥ ${String(part.at_least ?? '')}`;
  }
  if (name === 'holdout' && isRecord(field)) return `${say.field('holdout')} ${String(field.percent ?? '')} %`;
  if (typeof key === 'string') return say.value(key);
  return say.field(String(name));
}
