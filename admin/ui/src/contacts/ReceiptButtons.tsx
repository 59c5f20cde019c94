/** Saves what proves a person's consent: the signed receipts, and everything with what was sent. */
import { Button } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { asAPIError } from '../api/problem';
import { saveJson } from '../consent-desk/saving';
import { useWords } from '../i18n/useWords';
import styles from './Contact.module.css';
import { usePersonProof, useReceipts } from './useContact';

export function ReceiptButtons({ contactId }: { contactId: string }) {
  const t = useWords('contacts');
  const receipts = useReceipts(contactId);
  const proof = usePersonProof(contactId);
  const error = receipts.error ?? proof.error;
  const icon = <IconDownload size={15} aria-hidden />;
  return (
    <>
      <div className={styles.bar}>
        <Button variant="default" size="compact-sm" leftSection={icon} loading={receipts.isPending} data-testid="save-receipts" onClick={() => receipts.mutate(undefined, { onSuccess: (data) => saveJson(`consent-receipts-${contactId}.json`, data.receipts) })}>{t('receipts')}</Button>
        <Button variant="default" size="compact-sm" leftSection={icon} loading={proof.isPending} onClick={() => proof.mutate(undefined, { onSuccess: (data) => saveJson(`consent-proof-${contactId}.json`, data) })}>{t('proof')}</Button>
      </div>
      {error && <span role="alert" className={styles.wrong}>{asAPIError(error).message}</span>}
    </>
  );
}
