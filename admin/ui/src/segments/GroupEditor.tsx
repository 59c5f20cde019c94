/** A group of conditions that all, or at least one, have to hold; groups stand in groups. */
import { ActionIcon, Button, Menu, SegmentedControl, Tooltip } from '@mantine/core';
import { IconFolderPlus, IconPlus, IconTrash } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import styles from './Builder.module.css';
import { ConditionRow, NotButton } from './ConditionRow';
import { DEEPEST, isGroup, KINDS, newCondition, newGroup, type Draft, type DraftGroup, type Joint, type Kind } from './tree';

export interface Told {
  contacts: number;
  words: string;
}

interface Props {
  group: DraftGroup;
  depth?: number;
  isFull: boolean;
  told: ReadonlyMap<number, Told>;
  onChange: (key: number, change: (part: Draft) => Draft | null) => void;
}

export function GroupEditor({ group, depth = 1, isFull, told, onChange }: Props) {
  const t = useWords('segments');
  const change = (next: (old: DraftGroup) => DraftGroup) => onChange(group.key, (part) => next(part as DraftGroup));
  const add = (part: Draft) => change((old) => ({ ...old, parts: [...old.parts, part] }));
  return (
    <div className={styles.group} role="group" aria-label={t(group.joint === 'all' ? 'group_all' : 'group_any')} data-testid="group">
      <div className={styles.head}>
        <NotButton isOn={group.negated} onToggle={() => change((old) => ({ ...old, negated: !old.negated }))} />
        <SegmentedControl
          size="xs" aria-label={t('joint')} value={group.joint} onChange={(joint) => change((old) => ({ ...old, joint: joint as Joint }))}
          data={[{ value: 'all', label: t('joint_all') }, { value: 'any', label: t('joint_any') }]}
        />
        {depth > 1 && (
          <Tooltip label={t('remove_group')}>
            <ActionIcon variant="subtle" color="gray" size={32} aria-label={t('remove_group')} onClick={() => onChange(group.key, () => null)}>
              <IconTrash size={17} stroke={1.8} aria-hidden />
            </ActionIcon>
          </Tooltip>
        )}
      </div>
      <ul className={styles.parts}>
        {group.parts.map((part, at) => (
          <li key={part.key}>
            {at > 0 && <div className={styles.joint}>{t(group.joint === 'all' ? 'and' : 'or')}</div>}
            {isGroup(part) ? (
              <GroupEditor group={part} depth={depth + 1} isFull={isFull} told={told} onChange={onChange} />
            ) : (
              <ConditionRow draft={part} told={told.get(part.key)} onChange={(next) => onChange(part.key, next)} />
            )}
          </li>
        ))}
      </ul>
      <div className={styles.foot}>
        <AddCondition isDisabled={isFull} onAdd={(kind) => add(newCondition(kind))} />
        {depth < DEEPEST && (
          <Button
            variant="subtle" size="compact-sm" color="var(--accent)" disabled={isFull} leftSection={<IconFolderPlus size={16} aria-hidden />}
            onClick={() => add(newGroup(group.joint === 'all' ? 'any' : 'all'))} data-testid="add-group"
          >
            {t('add_group')}
          </Button>
        )}
        {isFull && depth === 1 && <span>{t('full')}</span>}
      </div>
    </div>
  );
}

function AddCondition({ isDisabled, onAdd }: { isDisabled: boolean; onAdd: (kind: Kind) => void }) {
  const t = useWords('segments');
  return (
    <Menu position="bottom-start" shadow="md" width={300} withinPortal={false}>
      <Menu.Target>
        <Button variant="default" size="compact-sm" disabled={isDisabled} leftSection={<IconPlus size={15} aria-hidden />} data-testid="add-condition">
          {t('add_condition')}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {KINDS.map((kind) => (
          <Menu.Item key={kind} onClick={() => onAdd(kind)} data-testid={`add-${kind}`}>
            <div>{t(`kind_${kind}`)}</div>
            <div className={styles.told}>{t(`about_${kind}`)}</div>
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
