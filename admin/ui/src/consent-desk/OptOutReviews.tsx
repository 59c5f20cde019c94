/** Opt-outs that were read from doubtful words: they hold, until somebody says that none was meant. */
import { Button, Text } from '@mantine/core';
import { IconHandStop } from '@tabler/icons-react';
import { useState } from 'react';
import { Link } from 'react-router';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { ListLoading } from '../look/Loading';
import { LoadMore } from '../look/LoadMore';
import { Moment } from '../look/Moment';
import { Failure, Nothing } from '../look/Notices';
import { Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { channelName, languageName } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Desk.module.css';
import type { OptOutReview } from './types';
import { useReview, useReviews } from './usePrivacyRequests';

export function OptOutReviews() {
  const t = useWords('privacy');
  const [show, setShow] = useState<'open' | 'all'>('open');
  const list = useReviews(show === 'open');
  return (
    <>
      <div className={styles.tools}>
        <Choose aria-label={t('status')} value={show} choices={[{ value: 'open', label: t('to_look_at') }, { value: 'all', label: t('all') }]} onChange={setShow} />
      </div>
      {list.isPending && <Sheet><ListLoading what={t('opt_outs')} /></Sheet>}
      {list.isError && !list.data && <Sheet><Failure error={list.error} onRetry={() => void list.refetch()} isRetrying={list.isFetching} /></Sheet>}
      {list.data?.length === 0 && (
        <Sheet><Nothing icon={IconHandStop} title={t('no_reviews')}><Text c="dimmed" size="sm" maw={460}>{t('no_reviews_hint')}</Text></Nothing></Sheet>
      )}
      <ul className={styles.cards} aria-label={t('opt_outs')}>{list.data?.map((one) => <Item key={one.id} review={one} />)}</ul>
      <LoadMore list={list} />
    </>
  );
}

function Item({ review }: { review: OptOutReview }) {
  const t = useWords('privacy');
  const may = useMay();
  const confirm = useReview(review.id, 'confirm');
  const reverse = useReview(review.id, 'reverse');
  const error = confirm.error ?? reverse.error;
  const channels = review.scope.channels?.map(channelName).join(', ') ?? t('every_channel');
  return (
    <li className={styles.card} data-testid="opt-out-review">
      <blockquote className={`${styles.quote} untrusted`} lang={review.language} dir="auto">{review.text ?? t('words_gone')}</blockquote>
      <p className={styles.soft}>
        <Link to={`/leads/${review.contact_id}`} className={styles.more}>{t('see_person')}</Link> · {channelName(review.channel)} · {languageName(review.language)} · <Moment at={review.created_at} />
      </p>
      <p className={styles.soft}>{t('stopped', { what: t(review.scope.purpose === 'all' ? 'everything' : 'marketing'), channels })} · {t('sure', { percent: Math.round(review.confidence * 100) })}</p>
      {review.status !== 'open' && <Tag tone={review.status === 'confirmed' ? 'good' : 'plain'}>{t(`review_${review.status}`)}</Tag>}
      {review.status === 'open' && may('privacy.write') && (
        <div className={styles.bar}>
          <Button loading={confirm.isPending} disabled={reverse.isPending} onClick={() => confirm.mutate(undefined)}>{t('was_opt_out')}</Button>
          <Button variant="default" loading={reverse.isPending} disabled={confirm.isPending} onClick={() => reverse.mutate(undefined)}>{t('was_none')}</Button>
          {error && <span role="alert" className={styles.wrong}>{asAPIError(error).message}</span>}
        </div>
      )}
    </li>
  );
}
