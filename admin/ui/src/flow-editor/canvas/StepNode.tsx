/** One step on the canvas. Drawn anew only when something it shows has changed. */
import { Handle, Position, type NodeProps } from '@xyflow/react';
import { IconAlertTriangle, IconFlag, IconMessage } from '@tabler/icons-react';
import { memo } from 'react';
import { hasSideWays, mayLeadOn, type StepNode as StepNodeType } from './build';
import { iconOf } from './icons';
import { useCanvasWords } from './words';
import styles from './canvas.module.css';

export const StepNode = memo(function StepNode({ id, data, selected }: NodeProps<StepNodeType>) {
  const words = useCanvasWords();
  const Icon = iconOf(data.group);
  const { step } = data;
  const classes = [
    styles.step, selected && styles.selected, data.isLit && styles.lit, data.isTarget && styles.target, data.isFound && styles.found,
    data.mark && styles[data.mark], data.isUnreached && styles.unreached,
  ];
  const name = data.mark === 'removed' ? step.id.replace(/^removed:/, '') : step.id;
  return (
    <>
      <Handle type="target" id="in" position={Position.Top} className={`${styles.handle} ${styles.into}`} isConnectableStart={false} />
      <div
        className={classes.filter(Boolean).join(' ')} data-step={id} data-group={data.group} data-lit={data.isLit || undefined} data-testid="step"
        role="button" tabIndex={data.isCurrent ? 0 : -1} aria-pressed={selected} aria-label={words.describe(data, name)}
      >
        <div className={styles.head}>
          <Icon size={15} stroke={1.8} aria-hidden />
          <span className={styles.kind}>{data.title}</span>
          {data.isEntry && <span className={styles.badge}><IconFlag size={12} aria-hidden /></span>}
          {data.notes > 0 && <span className={styles.badge}><IconMessage size={12} aria-hidden />{data.notes}</span>}
          {data.problems > 0 && <span className={styles.fault}><IconAlertTriangle size={12} aria-hidden />{data.problems}</span>}
        </div>
        <div className={styles.name}>{name}</div>
        <div className={styles.line}>{data.line}</div>
      </div>
      {data.figure && <div className={styles.figure} aria-hidden>{data.figure}</div>}
      {mayLeadOn(step) && <Handle type="source" id="on" position={Position.Bottom} className={styles.handle} />}
      {hasSideWays(step) && <Handle type="source" id="aside" position={Position.Right} className={styles.handle} isConnectableStart={false} />}
    </>
  );
});
