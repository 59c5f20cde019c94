/** Two contacts side by side: what speaks for one person and what against, what would become of them, and the decision. */
import { Alert, Button, Radio, Skeleton } from '@mantine/core';
import { IconArrowsJoin, IconArrowsSplit } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Refused } from '../look/Notices';
import { Tag } from '../look/Tag';
import { plainWords, stageName, valueInWords } from '../look/words';
import styles from './Merges.module.css';
import type { Alike, Candidate, MergePreview } from './types';
import { useConfirm, useMergePreview, useRefuse } from './useMerges';

interface Props {
  candidate: Candidate;
  isFirst: boolean;
  onMerged: (mergeId: string) => void;
}

export function CandidateCard({ candidate, isFirst, onMerged }: Props) {
  const t = useWords('merges');
  const [isOpen, setOpen] = useState(isFirst);
  const [one, other] = candidate.contacts;
  if (!one || !other) return null;
  const percent = Math.round(candidate.probability * 100);
  return (
    <li className={styles.card} data-testid="candidate">
      <div className={styles.head}>
        <h2 className={styles.title}><bdi>{nameOf(one, t('unnamed'))}</bdi> <span aria-hidden>·</span> <bdi>{nameOf(other, t('unnamed'))}</bdi></h2>
        <Tag tone={percent >= 90 ? 'good' : 'warm'}>{t('probability', { percent })}</Tag>
      </div>
      <Reasons reasons={candidate.reasons} />
      {isOpen ? (
        <Compare candidate={candidate} one={one} other={other} onMerged={onMerged} />
      ) : (
        <Button variant="default" size="compact-md" onClick={() => setOpen(true)} data-testid="compare">{t('compare')}</Button>
      )}
    </li>
  );
}

/** What speaks for one person and what against it, the strongest first. */
function Reasons({ reasons }: Pick<Candidate, 'reasons'>) {
  const t = useWords('merges');
  const strongest = [...reasons].sort((a, b) => Math.abs(b.bits) - Math.abs(a.bits));
  return (
    <ul className={styles.reasons} aria-label={t('reasons')}>
      {strongest.map(({ field, bits, words }) => (
        <li key={field}><Tag tone={bits > 0 ? 'good' : 'bad'}>{bits > 0 ? '+' : '−'} {words}</Tag></li>
      ))}
    </ul>
  );
}

interface CompareProps {
  candidate: Candidate;
  one: Alike;
  other: Alike;
  onMerged: (mergeId: string) => void;
}

function Compare({ candidate, one, other, onMerged }: CompareProps) {
  const t = useWords('merges');
  // Who was known first stays, unless somebody says otherwise.
  const [survivorId, setSurvivorId] = useState(one.created_at <= other.created_at ? one.id : other.id);
  const [take, setTake] = useState<readonly string[]>([]);
  const mergedId = survivorId === one.id ? other.id : one.id;
  const preview = useMergePreview(survivorId, mergedId);
  const confirm = useConfirm(candidate.id, onMerged);
  const refuse = useRefuse(candidate.id);
  const error = confirm.error ?? refuse.error;
  return (
    <>
      <Radio.Group value={survivorId} onChange={(id) => { setSurvivorId(id); setTake([]); }} label={t('who_stays')}>
        <div className={styles.pair}>
          <Side contact={one} isKept={survivorId === one.id} />
          <Side contact={other} isKept={survivorId === other.id} />
        </div>
      </Radio.Group>
      {preview.isPending && <Skeleton height={60} radius="md" />}
      {preview.isError && <Alert color="red" role="alert">{asAPIError(preview.error).message}</Alert>}
      {preview.data && <Outcome preview={preview.data} take={take} onTake={setTake} />}
      <div className={styles.bar}>
        <Button
          leftSection={<IconArrowsJoin size={16} aria-hidden />} loading={confirm.isPending} disabled={refuse.isPending} data-testid="confirm-candidate"
          onClick={() => confirm.mutate({ survivor_id: survivorId, take: [...take] })}
        >
          {t('one_person')}
        </Button>
        <Button
          variant="default" leftSection={<IconArrowsSplit size={16} aria-hidden />} loading={refuse.isPending} disabled={confirm.isPending}
          onClick={() => refuse.mutate(undefined)} data-testid="refuse-candidate"
        >
          {t('two_people')}
        </Button>
        <span className={styles.soft}>{t('can_undo')}</span>
      </div>
      <Refused error={error} mt="sm" />
    </>
  );
}

function Side({ contact, isKept }: { contact: Alike; isKept: boolean }) {
  const t = useWords('merges');
  const rows = [
    [t('email'), contact.email], [t('phone'), contact.phone], [t('company'), contact.company], [t('stage'), stageName(contact.stage)],
  ] as const;
  return (
    <div className={styles.side} data-kept={isKept ? '' : undefined}>
      <Radio value={contact.id} label={<strong><bdi>{nameOf(contact, t('unnamed'))}</bdi></strong>} />
      <dl className={styles.facts}>
        {rows.map(([name, value]) => <div key={name}><dt>{name}</dt><dd className="untrusted">{value ?? '–'}</dd></div>)}
        <div><dt>{t('known_since')}</dt><dd><Moment at={contact.created_at} /></dd></div>
      </dl>
      <Link to={`/leads/${contact.id}`} className={styles.more}>{t('whole_story')}</Link>
    </div>
  );
}

/** Tables by which Parley itself finds people again: nobody misses them in what moves. */
const OWN_BOOKS = /^(segment_|contact_likeness|imported_)/;

interface OutcomeProps {
  preview: MergePreview;
  take: readonly string[];
  onTake: (take: readonly string[]) => void;
}

/** In which fields the two differ, with the choice whose is right, and what moves. */
function Outcome({ preview, take, onTake }: OutcomeProps) {
  const t = useWords('merges');
  const conflicts = Object.entries(preview.conflicts);
  const moved = Object.entries(preview.rows).filter(([table, count]) => count > 0 && !OWN_BOOKS.test(table));
  return (
    <>
      {conflicts.map(([field, { survivor, merged }]) => (
        <Radio.Group
          key={field} label={t('which', { field: plainWords(field) })} mb="sm" value={take.includes(field) ? 'merged' : 'survivor'}
          onChange={(side) => onTake(side === 'merged' ? [...take, field] : take.filter((name) => name !== field))}
        >
          <div className={styles.choice}>
            <Radio value="survivor" label={<bdi>{valueInWords(survivor)}</bdi>} />
            <Radio value="merged" label={<bdi>{valueInWords(merged)}</bdi>} />
          </div>
        </Radio.Group>
      ))}
      {moved.length > 0 && (
        <p className={styles.soft}>{t('moves')} {moved.map(([table, count]) => `${plainWords(table).toLowerCase()} ${count}`).join(', ')}</p>
      )}
    </>
  );
}

function nameOf(contact: Alike, unnamed: string): string {
  return contact.name ?? contact.email ?? contact.phone ?? unnamed;
}
