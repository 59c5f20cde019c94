/** The journeys a contact is in or was in, what was decided there and why; a colleague may put them into one or take them out. */
import { Button, Modal } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { plainWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Contact.module.css';
import type { ContactJourney } from './types';
import { useContactJourneys, useDecisions, useEnrol, useLeaveJourney, useRunningJourneys } from './useContact';

const SHOWN_PAST = 3; // journeys that were left; the others on demand

export function JourneysPanel({ contactId }: { contactId: string }) {
  const t = useWords('contacts');
  const may = useMay()('journeys.write');
  const journeys = useContactJourneys(contactId);
  const [isChoosing, setChoosing] = useState(false);
  const [isAll, setAll] = useState(false);
  const [asked, setAsked] = useState<ContactJourney | null>(null);
  const all = journeys.data ?? [];
  const active = all.filter(({ state }) => state === 'active');
  const past = all.filter(({ state }) => state !== 'active');
  const shown = [...active, ...(isAll ? past : past.slice(0, SHOWN_PAST))];
  const put = may && !isChoosing && <Button variant="subtle" size="compact-sm" color="var(--accent)" onClick={() => setChoosing(true)} data-testid="enrol">{t('put_into')}</Button>;
  return (
    <Panel title={t('journeys')} aside={put}>
      {journeys.isError && <span role="alert" className={styles.wrong}>{asAPIError(journeys.error).message}</span>}
      {isChoosing && <PutInto contactId={contactId} inside={active.map(({ journey }) => journey)} onDone={() => setChoosing(false)} />}
      {journeys.data && all.length === 0 && !isChoosing && <p className={styles.soft}>{t('no_journeys')}</p>}
      <ul className={styles.journeys} data-testid="contact-journeys">
        {shown.map((one) => <Way key={one.id} contactId={contactId} one={one} may={may} onWhy={() => setAsked(one)} />)}
      </ul>
      {!isAll && past.length > SHOWN_PAST && <Button variant="subtle" size="compact-sm" color="var(--accent)" onClick={() => setAll(true)}>{t('earlier_journeys', { count: past.length - SHOWN_PAST })}</Button>}
      <Modal opened={asked !== null} onClose={() => setAsked(null)} title={t('why_in', { journey: asked?.name ?? '' })} size="lg" closeButtonProps={{ 'aria-label': t('close') }}>
        {asked && <Decisions contactId={contactId} journey={asked.journey} />}
      </Modal>
    </Panel>
  );
}

function Way({ contactId, one, may, onWhy }: { contactId: string; one: ContactJourney; may: boolean; onWhy: () => void }) {
  const t = useWords('contacts');
  const leave = useLeaveJourney(contactId);
  const isActive = one.state === 'active';
  return (
    <li data-state={one.state} data-testid="contact-journey">
      <div className={styles.wayHead}>
        <Link to={`/journeys/${one.journey}`} className={styles.more}>{one.name}</Link>
        {one.goal_at && <Tag tone="good">{t('goal_reached')}</Tag>}
        {one.paused && <Tag>{t('journey_paused')}</Tag>}
      </div>
      <p className={styles.soft}>
        {isActive ? t('stands_on', { step: plainWords(one.step) }) : one.left_because}
        {' · '}
        {isActive && one.due_at ? <>{t('goes_on')} <Moment at={one.due_at} /></> : <Moment at={one.left_at ?? one.entered_at} />}
      </p>
      <div className={styles.bar}>
        <Button size="compact-sm" variant="default" onClick={onWhy} aria-label={t('why_in', { journey: one.name })} data-testid="journey-why">{t('why')}</Button>
        {may && isActive && (
          <ConfirmButton
            size="compact-sm" label={t('take_out')} title={t('take_out_of', { journey: one.name })} confirm={t('take_out')} cancel={t('cancel')} aria-label={t('take_out_of', { journey: one.name })}
            isBusy={leave.isPending} error={leave.error} onConfirm={() => leave.mutate(one.journey)} testId="take-out"
          >
            {t('take_out_means')}
          </ConfirmButton>
        )}
      </div>
    </li>
  );
}

function PutInto({ contactId, inside, onDone }: { contactId: string; inside: readonly string[]; onDone: () => void }) {
  const t = useWords('contacts');
  const journeys = useRunningJourneys();
  const enrol = useEnrol(contactId);
  const [chosen, setChosen] = useState('');
  const choices = (journeys.data ?? []).filter(({ journey }) => !inside.includes(journey)).map(({ journey, name }) => ({ value: journey, label: name }));
  const refused = enrol.data && !enrol.data.entered ? enrol.data.text : null;
  return (
    <div className={styles.choose}>
      <Choose label={t('which_journey')} value={chosen} choices={[{ value: '', label: '–' }, ...choices]} onChange={(value) => { setChosen(value); enrol.reset(); }} data-testid="enrol-choose" />
      {refused && <p role="alert" className={styles.wrong} lang="en">{refused}</p>}
      {enrol.isError && <p role="alert" className={styles.wrong}>{asAPIError(enrol.error).message}</p>}
      <div className={styles.bar}>
        <Button size="compact-md" disabled={chosen === ''} loading={enrol.isPending} onClick={() => enrol.mutate(chosen, { onSuccess: ({ entered }) => entered && onDone() })} data-testid="enrol-confirm">{t('put_in')}</Button>
        <Button size="compact-md" variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </div>
  );
}

function Decisions({ contactId, journey }: { contactId: string; journey: string }) {
  const t = useWords('contacts');
  const decided = useDecisions(contactId, journey);
  if (decided.isPending) return <ListLoading what={t('why')} />;
  if (decided.isError) return <span role="alert" className={styles.wrong}>{asAPIError(decided.error).message}</span>;
  return (
    <ol className={styles.decisions} data-testid="decisions">
      {decided.data.map((line, index) => (
        <li key={index}>
          <span className={styles.soft}><Moment at={line.at} as="day" />, <Moment at={line.at} as="clock" /></span>
          <span lang="en">{line.text}</span>
        </li>
      ))}
    </ol>
  );
}
