/** Search and band filter of the leads. Writes only to the address. */
import { SegmentedControl, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useRef } from 'react';
import { useSearchParams } from 'react-router';
import { useLanguage } from '../i18n/useLanguage';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { useSegments } from '../segments/useSegments';
import { BANDS } from './bands';
import styles from './LeadsFilter.module.css';

const PAUSE = 250; // milliseconds after the last key
const MAX_LENGTH = 200; // characters, as the API has it

export function LeadsFilter() {
  const t = useWords('leads');
  const [search, setSearch] = useSearchParams();
  const input = useRef<HTMLInputElement>(null);
  const set = (key: string, value: string) =>
    setSearch((old) => {
      const next = new URLSearchParams(old);
      if (value) next.set(key, value);
      else next.delete(key);
      return next;
    }, { replace: true, preventScrollReset: true });
  const setQuery = useDebouncedCallback((value: string) => set('q', value.trim()), PAUSE);

  const bands = Object.entries(BANDS).map(([value, { name }]) => ({ value, label: t(name) }));
  const choices = [{ value: 'all', label: t('band_all') }, ...bands];

  // "Show all leads" and the browser's back button change the address, not the field.
  const q = search.get('q') ?? '';
  useEffect(() => {
    if (input.current && input.current !== document.activeElement) input.current.value = q;
  }, [q]);

  return (
    <div className={styles.row} role="search" aria-label={t('title')}>
      <TextInput
        ref={input} type="search" className={styles.search} aria-label={t('search')}
        placeholder={t('search_example')} maxLength={MAX_LENGTH} leftSection={<IconSearch size={16} aria-hidden />}
        defaultValue={q} onChange={(event) => setQuery(event.currentTarget.value)} data-testid="lead-search"
      />
      <SegmentedControl
        className={styles.bands} aria-label={t('band')} data={choices} value={search.get('band') ?? 'all'} data-testid="band-filter"
        onChange={(band) => set('band', band === 'all' ? '' : band)}
      />
      <SegmentFilter value={search.get('segment') ?? ''} onChange={(segment) => set('segment', segment)} />
    </div>
  );
}

/** Nothing while there is no segment to choose. */
function SegmentFilter({ value, onChange }: { value: string; onChange: (segment: string) => void }) {
  const t = useWords('leads');
  const segments = useSegments(useLanguage()).data ?? [];
  if (segments.length === 0) return null;
  const choices = segments.map(({ id, name }) => ({ value: id, label: name }));
  return <Choose aria-label={t('segment')} value={value} choices={[{ value: '', label: t('every_segment') }, ...choices]} onChange={onChange} data-testid="segment-filter" />;
}
