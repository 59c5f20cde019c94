/** One request: who wants what, how long is left, and what can be done about it now. */
import { Button } from '@mantine/core';
import { IconCheck, IconClock, IconHelp, IconX, type Icon } from '@tabler/icons-react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Moment } from '../look/Moment';
import { Tag, type Tone } from '../look/Tag';
import { channelName, plainWords, valueInWords } from '../look/words';
import { useMay } from '../session/useMay';
import { pressing } from './clock';
import styles from './Desk.module.css';
import { CarryOut, Extend, Refuse } from './RequestSteps';
import type { PrivacyRequest, Status } from './types';
import { usePerson, useVerify } from './usePrivacyRequests';

const LOOKS: Record<Status, { tone: Tone; icon: Icon }> = {
  unverified: { tone: 'warm', icon: IconHelp },
  open: { tone: 'cold', icon: IconClock },
  done: { tone: 'good', icon: IconCheck },
  refused: { tone: 'plain', icon: IconX },
};

export function RequestItem({ request }: { request: PrivacyRequest }) {
  const t = useWords('privacy');
  const { tone, icon } = LOOKS[request.status];
  const isErased = request.kind === 'erase' && request.status === 'done';
  return (
    <li className={styles.card} data-testid="privacy-request" data-kind={request.kind} data-status={request.status}>
      <div className={styles.head}>
        <h2 className={styles.title}>{t(`kind_${request.kind}`)}</h2>
        <Tag tone={tone} icon={icon}>{t(`status_${request.status}`)}</Tag>
        {request.days_left !== null && (
          <Tag tone={pressing(request.days_left)} icon={IconClock}>
            {request.days_left < 0 ? t('late', { count: -request.days_left }) : t('days_left', { count: request.days_left })}
          </Tag>
        )}
      </div>
      <Who request={request} isErased={isErased} />
      <Detail request={request} />
      {request.closed_at ? <Closed request={request} at={request.closed_at} /> : <Steps request={request} />}
    </li>
  );
}

function Who({ request, isErased }: { request: PrivacyRequest; isErased: boolean }) {
  const t = useWords('privacy');
  const person = usePerson(request.contact_id, !isErased);
  const name = person.data?.name ?? person.data?.email ?? person.data?.phone ?? t('unnamed');
  return (
    <p className={styles.soft}>
      {isErased || person.data === null ? t('erased') : <Link to={`/leads/${request.contact_id}`} className={styles.more}><bdi>{name}</bdi></Link>}
      {person.data?.email && person.data.email !== name && <> · {person.data.email}</>}
      {' · '}{channelName(request.channel)} · {t(request.made_by === 'subject' ? 'asked_self' : request.made_by === 'system' ? 'asked_system' : 'asked_staff')}
      {' '}<Moment at={request.received_at} as="inline" />
      {request.closed_at === null && <> · {t('due')} <Moment at={request.due_at} as="inline" /></>}
    </p>
  );
}

function Detail({ request }: { request: PrivacyRequest }) {
  const t = useWords('privacy');
  const told = Object.entries(request.detail);
  return (
    <>
      {request.extended_for && <p className={styles.soft}>{t('extended_for')} <span className="untrusted">{request.extended_for}</span></p>}
      {told.length > 0 && (
        <dl className={styles.detail}>
          {told.map(([field, value]) => <div key={field}><dt>{plainWords(field)}</dt><dd className="untrusted">{valueInWords(value)}</dd></div>)}
        </dl>
      )}
    </>
  );
}

function Closed({ request, at }: { request: PrivacyRequest; at: string }) {
  const t = useWords('privacy');
  return (
    <p className={styles.soft} data-testid="request-outcome">
      {t('closed')} <Moment at={at} as="inline" />{request.outcome && <>: <span className="untrusted">{request.outcome}</span></>}
      {request.receipt && <> {t('receipt')} <code className={styles.code}>{request.receipt}</code></>}
    </p>
  );
}

function Steps({ request }: { request: PrivacyRequest }) {
  const t = useWords('privacy');
  const may = useMay();
  const verify = useVerify(request.id);
  const isVerified = request.status === 'open';
  return (
    <div className={styles.bar}>
      {!isVerified && may('privacy.write') && (
        <Button onClick={() => verify.mutate(undefined)} loading={verify.isPending} data-testid="verify-request">{t('verify')}</Button>
      )}
      {!isVerified && <span className={styles.soft}>{t('verify_hint')}</span>}
      {isVerified && may('privacy.carry_out') && <CarryOut request={request} />}
      {may('privacy.write') && (
        <>
          {request.extended_for === null && <Extend request={request} />}
          <Refuse request={request} />
        </>
      )}
      {verify.isError && <span role="alert" className={styles.wrong}>{asAPIError(verify.error).message}</span>}
    </div>
  );
}
