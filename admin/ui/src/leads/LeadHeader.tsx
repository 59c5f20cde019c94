/** Who the lead is and how to reach them, with the score. */
import { Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import { IconBuilding, IconFlag, IconMail, IconPhone } from '@tabler/icons-react';
import type { Lead } from '../api/types';
import { useWords } from '../i18n/useWords';
import { ChannelIcon } from '../look/ChannelIcon';
import { Moment } from '../look/Moment';
import { PAGE_HEADING_ID } from '../look/PageHeading';
import { channelName, stageName } from '../look/words';
import { Face } from './LeadIdentity';
import styles from './LeadPage.module.css';
import { leadName } from './naming';
import { ScoreRing } from './Score';

const ICON = { size: 15, stroke: 1.8, 'aria-hidden': true } as const;

export function LeadHeader({ lead }: { lead: Lead }) {
  const t = useWords('leads');
  useDocumentTitle(`${leadName(lead)} · Parley`);
  return (
    <header className={styles.header} data-testid="lead-header">
      <Face lead={lead} size={56} />
      <div className={styles.who}>
        <Title order={1} id={PAGE_HEADING_ID} fz={24} lh="32px" className="untrusted"><bdi>{leadName(lead)}</bdi></Title>
        <ul className={styles.ways}>
          {lead.company && <li><IconBuilding {...ICON} /><bdi>{lead.company}</bdi></li>}
          {lead.email && <li><IconMail {...ICON} /><a href={`mailto:${encodeURIComponent(lead.email).replace('%40', '@')}`}>{lead.email}</a></li>}
          {lead.phone && <li><IconPhone {...ICON} /><a href={`tel:${lead.phone.replace(/[^+\d]/g, '')}`}>{lead.phone}</a></li>}
        </ul>
        <ul className={styles.ways}>
          <li><IconFlag {...ICON} />{stageName(lead.stage)}</li>
          <li><ChannelIcon channel={lead.channel} /><span>{t('first_seen', { channel: channelName(lead.channel) })} <Moment at={lead.created_at} /></span></li>
        </ul>
      </div>
      <ScoreRing score={lead.score} band={lead.band} />
    </header>
  );
}
