/** The bar above the canvas: what this is, whether it is saved, and what can be done with it. */
import { ActionIcon, Button, Group, Menu, Text, Title, Tooltip } from '@mantine/core';
import {
  IconArrowBackUp, IconArrowForwardUp, IconArrowLeft, IconCheck, IconCloudOff, IconCloudUpload, IconKeyboard, IconLanguage, IconLayoutDistributeVertical, IconPlayerPlay, IconPlus,
  IconSearch, IconUpload, type Icon,
} from '@tabler/icons-react';
import { Link } from 'react-router';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { Tag } from '../look/Tag';
import { languageName } from '../look/words';
import { useEditor } from './EditorContext';
import type { Saving } from './useDraft';
import { useEditorWords } from './words';
import styles from './editor.module.css';

interface Props {
  title: string;
  saving: Saving;
  canUndo: boolean;
  canRedo: boolean;
  hasDraft: boolean;
  live: number | null;
  isOutdated: boolean;
  othersChanged: boolean;
  onUndo: () => void;
  onRedo: () => void;
  onSave: () => void;
  onAdd: () => void;
  onFind: () => void;
  onTidy: () => void;
  onKeys: () => void;
  onPublish: () => void;
  onSimulate: () => void;
}

export function ToolBar({ title, saving, canUndo, canRedo, hasDraft, live, isOutdated, othersChanged, ...wishes }: Props) {
  const { isJourney, language, languages, mayWrite, setLanguage } = useEditor();
  const { t } = useEditorWords();
  return (
    <header className={styles.bar}>
      <Group gap={8} wrap="nowrap" className={styles.barName ?? ''}>
        <Tool label={isJourney ? t('to_journeys') : t('to_flows')} Icon={IconArrowLeft} to={isJourney ? '/journeys' : '/flows'} />
        <div className={styles.names}>
          <Title order={1} id={PAGE_HEADING_ID} fz={16} lh="20px" className={styles.cut ?? ''}>{title}</Title>
          <Group gap={8} wrap="nowrap">
            <SavedMark saving={saving} hasDraft={hasDraft} live={live} onSave={wishes.onSave} />
            {isOutdated && <Tag tone="warm" title={t('outdated_why')}>{t('outdated')}</Tag>}
            {othersChanged && <Tag tone="cold" title={t('told_others')}>{t('others_here')}</Tag>}
          </Group>
        </div>
      </Group>
      <Group gap={2} wrap="nowrap" className={styles.tools ?? ''} role="toolbar" aria-label={t('tools')}>
        {mayWrite && <Tool label={t('undo')} Icon={IconArrowBackUp} isOff={!canUndo} onClick={wishes.onUndo} testId="undo" />}
        {mayWrite && <Tool label={t('redo')} Icon={IconArrowForwardUp} isOff={!canRedo} onClick={wishes.onRedo} testId="redo" />}
        <Tool label={t('find_step')} Icon={IconSearch} onClick={wishes.onFind} testId="open-find" />
        {mayWrite && <Tool label={t('tidy')} Icon={IconLayoutDistributeVertical} onClick={wishes.onTidy} testId="tidy" />}
        <Tool label={t('keys')} Icon={IconKeyboard} onClick={wishes.onKeys} testId="open-keys" />
        <Menu position="bottom-end">
          <Menu.Target>
            <Button size="compact-sm" variant="subtle" color="gray" c="var(--ink-soft)" leftSection={<IconLanguage size={16} aria-hidden />} data-testid="content-language">{languageName(language)}</Button>
          </Menu.Target>
          <Menu.Dropdown>
            {languages.map((one) => <Menu.Item key={one} onClick={() => setLanguage(one)}>{languageName(one)}</Menu.Item>)}
          </Menu.Dropdown>
        </Menu>
      </Group>
      <Group gap={6} wrap="nowrap">
        {mayWrite && <Button size="xs" variant="default" leftSection={<IconPlus size={15} aria-hidden />} onClick={wishes.onAdd} data-testid="add-step">{t('add_step')}</Button>}
        <Button size="xs" variant="default" leftSection={<IconPlayerPlay size={15} aria-hidden />} onClick={wishes.onSimulate} data-testid="simulate">{t('simulate')}</Button>
        {mayWrite && <Button size="xs" leftSection={<IconUpload size={15} aria-hidden />} onClick={wishes.onPublish} data-testid="publish">{t('publish')}</Button>}
      </Group>
    </header>
  );
}

function Tool({ label, Icon: Mark, isOff = false, to, onClick, testId }: { label: string; Icon: Icon; isOff?: boolean; to?: string; onClick?: () => void; testId?: string }) {
  const mark = <Mark size={18} stroke={1.8} aria-hidden />;
  const common = { variant: 'subtle', color: 'gray', size: 34, 'aria-label': label, 'data-testid': testId } as const;
  return (
    <Tooltip label={label}>
      {to === undefined ? <ActionIcon {...common} disabled={isOff} className={styles.tool ?? ''} onClick={onClick}>{mark}</ActionIcon> : <ActionIcon {...common} component={Link} to={to}>{mark}</ActionIcon>}
    </Tooltip>
  );
}

function SavedMark({ saving, hasDraft, live, onSave }: { saving: Saving; hasDraft: boolean; live: number | null; onSave: () => void }) {
  const { t } = useEditorWords();
  const where = hasDraft ? (live === null ? t('draft_never_live') : t('draft_of', { number: live })) : live === null ? '' : t('is_live', { number: live });
  if (saving.is === 'failed') {
    return (
      <Group gap={4} wrap="nowrap" role="alert" data-testid="saving" data-state="failed">
        <IconCloudOff size={13} color="var(--bad)" aria-hidden />
        <Text size="xs" c="var(--bad)" className={styles.cut ?? ''}>{saving.why}</Text>
        <Button size="compact-xs" variant="subtle" onClick={onSave}>{t('save_again')}</Button>
      </Group>
    );
  }
  const isSaved = saving.is === 'saved';
  const Mark = isSaved ? IconCheck : IconCloudUpload;
  return (
    <Group gap={4} wrap="nowrap" role="status" data-testid="saving" data-state={saving.is}>
      <Mark size={13} color="var(--ink-soft)" aria-hidden />
      <Text size="xs" c="dimmed" className={styles.cut ?? ''}>{[where, isSaved ? (hasDraft ? t('saved') : '') : t('saving')].filter(Boolean).join(' · ')}</Text>
    </Group>
  );
}
