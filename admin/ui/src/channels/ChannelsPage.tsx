/** The channels people reach us by: which accounts there are, whether they work, and how to bring one in. */
import { Button } from '@mantine/core';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ChannelIcon } from '../look/ChannelIcon';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { channelName } from '../look/words';
import { useMay } from '../session/useMay';
import { BackToSettings } from '../settings/BackToSettings';
import { AccountForm } from './AccountForm';
import { AccountItem } from './AccountItem';
import styles from './Channels.module.css';
import { useChannels, type Channel } from './useChannels';

export function ChannelsPage() {
  const t = useWords('channels');
  const channels = useChannels();
  return (
    <>
      <BackToSettings />
      <PageHeading title={t('title')}>{t('lead')}</PageHeading>
      {channels.isPending && <Sheet><ListLoading what={t('title')} /></Sheet>}
      {channels.isError && !channels.data && <Sheet><Failure error={channels.error} onRetry={() => void channels.refetch()} isRetrying={channels.isFetching} /></Sheet>}
      {channels.data && (
        <div className={styles.panels}>
          <Panel title={channelName('web')} aside={<ChannelIcon channel="web" size={20} />}>
            <p className={styles.soft}>{t('web')}</p>
            <pre className={styles.code} tabIndex={0}>{`<script src="${window.location.origin}/widget.js" defer></script>`}</pre>
          </Panel>
          {channels.data.map((one) => <ChannelPanel key={one.channel} channel={one} />)}
        </div>
      )}
    </>
  );
}

function ChannelPanel({ channel }: { channel: Channel }) {
  const t = useWords('channels');
  const may = useMay()('channels.write');
  const [isAdding, setAdding] = useState(false);
  return (
    <Panel title={channelName(channel.channel)} aside={<ChannelIcon channel={channel.channel} size={20} />}>
      <div data-testid={`channel-${channel.channel}`}>
        {channel.accounts.length === 0 && !isAdding && <p className={styles.soft}>{t(`none_${channel.channel as 'sms'}`)}</p>}
        <ul className={styles.list}>{channel.accounts.map((one) => <AccountItem key={one.id} account={one} fields={channel.fields} />)}</ul>
        {isAdding ? (
          <AccountForm channel={channel.channel} fields={channel.fields} account={null} isFirst={channel.accounts.length === 0} onDone={() => setAdding(false)} />
        ) : (
          may && <Button variant="default" mt="sm" onClick={() => setAdding(true)} data-testid={`add-${channel.channel}`}>{t('add')}</Button>
        )}
      </div>
    </Panel>
  );
}
