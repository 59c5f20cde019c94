/** One way between two steps, with when it is taken and how often it was. */
import { BaseEdge, getSmoothStepPath, type EdgeProps } from '@xyflow/react';
import { memo } from 'react';
import type { WayEdge as WayEdgeType } from './build';
import styles from './canvas.module.css';

const MOST = 34; // letters of a label; the panel shows all

export const WayEdge = memo(function WayEdge({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, data, markerEnd }: EdgeProps<WayEdgeType>) {
  const [path, x, y] = getSmoothStepPath({ sourceX, sourceY, targetX, targetY, sourcePosition, targetPosition, borderRadius: 10 });
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
