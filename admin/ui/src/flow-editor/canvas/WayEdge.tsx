/** One way between two steps, with when it is taken and how often it was. */
import { BaseEdge, getSmoothStepPath, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import type { WayEdge as WayEdgeType } from './build';
import styles from './canvas.module.css';

const MOST = 34; // letters of a label; the panel shows all
const TOWARDS = 0.7;
const STRAIGHT = 60; // pixels aside up to which a way counts as straight
const ABOVE = 24; // pixels above the step it leads to

export const WayEdge = memo(function WayEdge({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, markerEnd }: EdgeProps<WayEdgeType>) {
  const [path, , middle] = getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, borderRadius: 10 });
  // Nearer to where it leads: several ways from one step have their words apart.
  const x = sourceX + (targetX - sourceX) * TOWARDS;
  const y = Math.abs(targetX - sourceX) < STRAIGHT && targetY > sourceY ? targetY - ABOVE : middle;
  const words = data?.words ?? '';
  const label = [words.length > MOST ? `${words.slice(0, MOST - 1)}…` : words, data?.figure].filter(Boolean).join(' · ');
  const classes = [styles.way, data?.isSide && styles.aside, data?.isWalked && styles.walked].filter(Boolean).join(' ');
  return (
    <BaseEdge
      path={path} className={classes} {...(markerEnd ? { markerEnd } : {})}
      {...(label ? { label, labelX: x, labelY: y, labelBgPadding: [6, 3] as [number, number], labelBgBorderRadius: 6 } : {})}
    />
  );
});
