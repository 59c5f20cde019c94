/** What the person agreed to: the state now, and every event that led there with the exact words they saw. */
import type { Consent, ConsentEvent } from '../api/types';
import { ReceiptButtons } from '../contacts/ReceiptButtons';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Panel } from '../look/Panel';
import { channelName, consentEventName, consentStateName, languageName, methodName, purposeName } from '../look/words';
import { consentFor } from './consents';
import { ConsentTag } from './ConsentTag';
import styles from './LeadPage.module.css';
import { TurnLink } from './TurnLink';

interface Props {
  contactId: string;
  consents: readonly Consent[];
  events: readonly ConsentEvent[];
  turns: ReadonlySet<string>;
}

export function ConsentPanel({ contactId, consents, events, turns }: Props) {
  const t = useWords('leads');
  return (
    <Panel title={t('consent')}>
      {consents.length === 0 ? <p className={styles.none}>{t('never_asked')}</p> : <States consents={consents} />}
      <ul className={styles.list}>
        {events.map((event) => <Event key={event.id} event={event} turns={turns} />)}
      </ul>
      {events.length > 0 && <ReceiptButtons contactId={contactId} />}
    </Panel>
  );
}

function States({ consents }: Pick<Props, 'consents'>) {
  const t = useWords('leads');
  const purposes = [...new Set(consents.map(({ purpose }) => purpose))];
  const channels = [...new Set(consents.map(({ channel }) => channel))];
  return (
    <table className={styles.consentTable} aria-label={t('consent_now')}>
      <thead>
        <tr>
          <th scope="col">{t('purpose')}</th>
          {channels.map((channel) => <th key={channel} scope="col">{channelName(channel)}</th>)}
        </tr>
      </thead>
      <tbody>
        {purposes.map((purpose) => (
          <tr key={purpose}>
            <th scope="row">{purposeName(purpose)}</th>
            {channels.map((channel) => (
              <td key={channel}><State state={consentFor(consents, purpose, channel)} /></td>
            ))}
          </tr>
        ))}
      </tbody>
    </table>
  );
}

function State({ state }: { state: Consent['state'] | null }) {
  const t = useWords('leads');
  return state ? <ConsentTag state={state}>{consentStateName(state)}</ConsentTag> : <span className={styles.none}>{t('not_asked')}</span>;
}

function Event({ event, turns }: { event: ConsentEvent; turns: ReadonlySet<string> }) {
  const t = useWords('leads');
  return (
    <li className={styles.event} data-testid="consent-event">
      <ConsentTag state={event.event}>{consentEventName(event.event)}</ConsentTag>
      <div className={styles.small}>
        {[channelName(event.channel), purposeName(event.purpose), methodName(event.method), languageName(event.language)]
          .filter(Boolean).join(' · ')}
      </div>
      {event.text && (
        <blockquote className={`${styles.quote} untrusted`} lang={event.language} dir="auto">
          {event.text}
        </blockquote>
      )}
      <div className={styles.small}>
        <Moment at={event.at} as="day" />
        <TurnLink messageId={event.message_id} turns={turns}>{t('see_shown')}</TurnLink>
      </div>
    </li>
  );
}
