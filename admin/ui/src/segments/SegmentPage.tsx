/** One segment: its name and rule, who is in it while it is being written, and its members. */
import { Alert, Button, Skeleton, TextInput } from '@mantine/core';
import { useMemo, useState, type FormEvent } from 'react';
import { useNavigate, useParams } from 'react-router';
import { APIError, asAPIError } from '../api/problem';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { BackLink } from '../look/BackLink';
import { ConfirmButton } from '../look/ConfirmButton';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { STAGES, stageName } from '../look/words';
import { GroupEditor, type Told } from './GroupEditor';
import { Members } from './Members';
import styles from './SegmentPage.module.css';
import { changePart, leavesOf, MOST_CONDITIONS, newGroup, toDraft, toTree, type DraftGroup } from './tree';
import type { Segment, Tree } from './types';
import { useCount, useRemoveSegment, useSaveSegment, useSegment, useSegments, useVocabulary } from './useSegments';
import { VocabularyContext, type RuleVocabulary } from './vocabulary';
import { useSettled, WhoIsIn } from './WhoIsIn';

export function SegmentPage() {
  const { segmentId = '' } = useParams();
  const t = useWords('segments');
  const isNew = segmentId === 'new';
  const segment = useSegment(isNew ? '' : segmentId);
  return (
    <>
      <BackLink to="/segments">{t('title')}</BackLink>
      {isNew && <SegmentForm key="new" read={null} />}
      {/* A key with the version, so that loading it again shows what somebody else wrote. */}
      {segment.data && <SegmentForm key={`${segment.data.id}/${segment.data.version}`} read={segment.data} onReload={() => void segment.refetch()} />}
      {!isNew && segment.isPending && <><PageHeading title={t('segment')} /><Skeleton height={320} radius="lg" /></>}
      {!isNew && segment.isError && (
        <><PageHeading title={t('segment')} /><Sheet><Failure error={segment.error} onRetry={() => void segment.refetch()} isRetrying={segment.isFetching} /></Sheet></>
      )}
    </>
  );
}

interface FormProps {
  read: Segment | null;
  onReload?: () => void;
}

function SegmentForm({ read, onReload }: FormProps) {
  const t = useWords('segments');
  const language = useLanguage();
  const navigate = useNavigate();
  const [name, setName] = useState(read?.name ?? '');
  const [draft, setDraft] = useState<DraftGroup>(() => (read ? toDraft(read.tree as Tree) : newGroup('all')));
  const save = useSaveSegment(read);
  const tree = useMemo(() => toTree(draft), [draft]);
  const settled = useSettled(tree);
  const count = useCount(settled, language);
  const told = useTold(draft, tree !== null && JSON.stringify(settled) === JSON.stringify(tree) && !count.isPlaceholderData ? count.data?.conditions : undefined);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (tree) save.mutate({ name: name.trim(), tree }, { onSuccess: ({ id }) => void navigate(read ? '/segments' : `/segments/${id}`) });
  };
  const fieldError = save.error instanceof APIError ? save.error.fields.name ?? (save.error.code === 'name_taken' ? save.error.message : undefined) : undefined;
  return (
    <VocabularyContext value={useRules(read?.id ?? '')}>
      <PageHeading title={read?.name ?? t('new')}>{t('rule_hint')}</PageHeading>
      <form className={styles.layout} onSubmit={submit} noValidate>
        <div>
          <Panel title={t('rule')}>
            <TextInput label={t('name')} value={name} maxLength={100} required mb="md" error={fieldError} onChange={(event) => setName(event.currentTarget.value)} data-testid="segment-name" />
            <GroupEditor
              group={draft} told={told} isFull={leavesOf(draft).length >= MOST_CONDITIONS}
              onChange={(key, change) => setDraft((old) => changePart(old, key, change))}
            />
            <SaveBar read={read} isReady={tree !== null && name.trim() !== ''} isSaving={save.isPending} />
            {save.isError && !fieldError && <Refused error={save.error} onReload={onReload} />}
          </Panel>
          {read && <Members segment={read} />}
        </div>
        <div className={styles.side}><WhoIsIn tree={settled} count={count} /></div>
      </form>
    </VocabularyContext>
  );
}

function SaveBar({ read, isReady, isSaving }: { read: Segment | null; isReady: boolean; isSaving: boolean }) {
  const t = useWords('segments');
  return (
    <div className={styles.bar}>
      <Button type="submit" disabled={!isReady} loading={isSaving} data-testid="save-segment">{t('save')}</Button>
      {!isReady && <span className={styles.soft}>{t('save_needs')}</span>}
      {read && <Remove segment={read} />}
    </div>
  );
}

function Remove({ segment }: { segment: Segment }) {
  const t = useWords('segments');
  const navigate = useNavigate();
  const remove = useRemoveSegment(segment);
  if (segment.used_by.length > 0) return <span className={styles.soft}>{t('used_by', { users: segment.used_by.join(', ') })}</span>;
  return (
    <ConfirmButton
      label={t('remove')} title={t('remove_title', { name: segment.name })} confirm={t('remove')} cancel={t('cancel')} isBusy={remove.isPending}
      error={remove.error} onConfirm={() => remove.mutate(undefined, { onSuccess: () => void navigate('/segments') })}
    >
      {t('remove_means')}
    </ConfirmButton>
  );
}

/** Why it was not saved; when somebody else was faster, the way to see what they wrote. */
function Refused({ error, onReload }: { error: Error; onReload?: (() => void) | undefined }) {
  const t = useWords('segments');
  const isOutOfDate = error instanceof APIError && error.status === 412;
  return (
    <Alert color="red" mt="md" role="alert" data-testid="form-error" title={isOutOfDate ? t('out_of_date') : asAPIError(error).title}>
      {isOutOfDate ? t('out_of_date_means') : asAPIError(error).detail}
      {isOutOfDate && onReload && <div><Button variant="default" size="compact-sm" mt="sm" onClick={onReload}>{t('load_theirs')}</Button></div>}
    </Alert>
  );
}

/** What the API said of each condition, by the condition's key. */
function useTold(draft: DraftGroup, conditions: readonly Told[] | undefined): ReadonlyMap<number, Told> {
  return useMemo(() => {
    const leaves = leavesOf(draft);
    if (!conditions || conditions.length !== leaves.length) return new Map<number, Told>();
    return new Map(leaves.map(({ key }, at) => [key, conditions[at] as Told]));
  }, [draft, conditions]);
}

const QUALIFICATIONS = ['hot', 'warm', 'cold'] as const;

/** What conditions can speak of: facts of every contact before the company's own, and every segment but this one. */
function useRules(ownId: string): RuleVocabulary {
  const t = useWords('segments');
  const { fields, events, scores } = useVocabulary();
  const segments = useSegments(useLanguage()).data ?? [];
  const own = fields.map(({ name, label, type, choices }) => ({ name, label, type, choices: choices.map((value) => ({ value, label: value })) }));
  return {
    facts: [
      { name: 'stage', label: t('fact_stage'), type: 'choice', choices: STAGES.map((value) => ({ value, label: stageName(value) })) },
      { name: 'qualification', label: t('fact_qualification'), type: 'choice', choices: QUALIFICATIONS.map((value) => ({ value, label: t(`qualification_${value}`) })) },
      { name: 'language', label: t('fact_language'), type: 'text', choices: [] },
      { name: 'time_zone', label: t('fact_time_zone'), type: 'text', choices: [] },
      ...own,
    ],
    dates: [{ name: 'created_at', label: t('date_created_at') }, ...own.filter(({ type }) => type === 'date')],
    events: events.filter(({ name }) => name !== 'segment_entered' && name !== 'segment_left'),
    scores,
    segments: segments.filter(({ id }) => id !== ownId).map(({ id, name }) => ({ value: id, label: name })),
  };
}
