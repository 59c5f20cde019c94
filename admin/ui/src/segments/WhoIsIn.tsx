/** For how many the rule holds as it is being written, the rule in words, and some of the people. */
import { Alert, Button, Loader } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconArrowsShuffle } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { figure } from '../i18n/said';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { Panel } from '../look/Panel';
import { stageName } from '../look/words';
import styles from './SegmentPage.module.css';
import type { Person, Tree } from './types';
import { usePreview, useRuleWords, type useCount } from './useSegments';

interface Props {
  tree: Tree | null;
  count: ReturnType<typeof useCount>;
}

export function WhoIsIn({ tree, count }: Props) {
  const t = useWords('segments');
  const words = useRuleWords(tree, useLanguage());
  const busy = count.isFetching && <Loader size="xs" color="gray" role="status" aria-label={t('counting')} />;
  return (
    <Panel title={t('who_is_in')} aside={busy}>
      {count.isError && <Alert color="red" role="alert" mb="sm">{asAPIError(count.error).message}</Alert>}
      {tree === null && <p className={styles.soft}>{t('count_waits')}</p>}
      {tree && words.data && <p className={`${styles.words} untrusted`} data-testid="segment-words">{words.data}</p>}
      {tree && count.data && (
        <>
          <div className={`${styles.count} tabular`} data-testid="segment-count" aria-live="polite">{figure(count.data.contacts)}</div>
          <p className={styles.soft}>{t('people', { count: count.data.contacts })}</p>
          {count.data.refused > 0 && <p className={styles.soft}>{t('refused', { count: count.data.refused, number: count.data.refused })}</p>}
          <Some tree={tree} isSome={count.data.contacts > 0} />
        </>
      )}
    </Panel>
  );
}

function Some({ tree, isSome }: { tree: Tree; isSome: boolean }) {
  const t = useWords('segments');
  const [draw, setDraw] = useState(0);
  const preview = usePreview(isSome ? tree : null, draw);
  if (!isSome) return null;
  return (
    <>
      <People people={preview.data ?? []} />
      <Button
        variant="subtle" color="var(--accent)" size="compact-sm" mt="sm" loading={preview.isFetching && draw > 0}
        leftSection={<IconArrowsShuffle size={15} aria-hidden />} onClick={() => setDraw(draw + 1)}
      >
        {t('draw')}
      </Button>
    </>
  );
}

export function People({ people }: { people: readonly Person[] }) {
  const t = useWords('segments');
  return (
    <ul className={styles.people} aria-label={t('some_people')} data-testid="segment-people">
      {people.map((person) => (
        <li key={person.contact_id}>
          <Link to={`/leads/${person.contact_id}`}><bdi>{person.name ?? person.company ?? t('unnamed')}</bdi></Link>
          <span className={styles.soft}>{stageName(person.stage)} · {person.score}</span>
        </li>
      ))}
    </ul>
  );
}

const PAUSE = 350; // milliseconds after the last change

/** The rule once nobody has typed for a moment. */
export function useSettled(tree: Tree | null): Tree | null {
  const text = JSON.stringify(tree);
  const [settled] = useDebouncedValue(text, PAUSE);
  return JSON.parse(settled) as Tree | null;
}
