/** All by which a contact is known: addresses and whether they are proven, and what other systems know it as. */
import { ActionIcon, Button, TextInput } from '@mantine/core';
import { IconCheck, IconClock, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { Panel } from '../look/Panel';
import { Tag } from '../look/Tag';
import { plainWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Contact.module.css';
import { isAwaited } from './awaited';
import { useAddExternalId, useIdentities, useLetThrough, useRemoveExternalId } from './useContact';

export function IdentitiesPanel({ contactId }: { contactId: string }) {
  const t = useWords('contacts');
  const may = useMay()('contacts.write');
  const known = useIdentities(contactId);
  const remove = useRemoveExternalId(contactId);
  const [isAdding, setAdding] = useState(false);
  const add = may && !isAdding && <Button variant="subtle" size="compact-sm" color="var(--accent)" onClick={() => setAdding(true)}>{t('add_id')}</Button>;
  return (
    <Panel title={t('known_by')} aside={add}>
      {known.isError && <span role="alert" className={styles.wrong}>{asAPIError(known.error).message}</span>}
      <ul className={styles.list}>
        {known.data?.addresses.map(({ id, kind, value, verified_at: verifiedAt, waits_since: waitsSince }) => (
          <li key={id}>
            <span className={styles.name}>{plainWords(kind)}</span><span className="untrusted">{value}</span>
            {verifiedAt && <Tag tone="good" icon={IconCheck}>{t('proven')}</Tag>}
            {waitsSince && isAwaited(waitsSince) && <Tag tone="warm" icon={IconClock}>{t('number_waits')}</Tag>}
            {waitsSince && may && <LetThrough contactId={contactId} addressId={id} number={value} />}
          </li>
        ))}
        {known.data?.external_ids.map(({ id, source, value }) => (
          <li key={id}>
            <span className={styles.name}>{source}</span><span className="untrusted">{value}</span>
            {may && <ActionIcon variant="subtle" color="gray" size={28} aria-label={t('remove_id', { source })} loading={remove.isPending && remove.variables === id} onClick={() => remove.mutate(id)}><IconTrash size={15} aria-hidden /></ActionIcon>}
          </li>
        ))}
        {known.data && known.data.web_talks.length > 0 && <li><span className={styles.name}>{t('browser')}</span><span>{t('talks', { count: known.data.web_talks.length })}</span></li>}
      </ul>
      {remove.isError && <span role="alert" className={styles.wrong}>{asAPIError(remove.error).message}</span>}
      {isAdding && <AddId contactId={contactId} onDone={() => setAdding(false)} />}
    </Panel>
  );
}

/** For somebody who phones: a colleague knows that the number is theirs, whatever their browser did. */
function LetThrough({ contactId, addressId, number }: { contactId: string; addressId: string; number: string }) {
  const t = useWords('contacts');
  const letThrough = useLetThrough(contactId);
  return (
    <ConfirmButton size="compact-sm" label={t('let_through')} title={t('let_through_title', { number })} confirm={t('let_through')} cancel={t('cancel')} isDangerous={false} isBusy={letThrough.isPending} error={letThrough.error} onConfirm={() => letThrough.mutate(addressId)} testId="let-through">
      {t('let_through_means')}
    </ConfirmButton>
  );
}

function AddId({ contactId, onDone }: { contactId: string; onDone: () => void }) {
  const t = useWords('contacts');
  const add = useAddExternalId(contactId);
  const [source, setSource] = useState('');
  const [value, setValue] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    add.mutate({ source: source.trim(), value: value.trim(), verified: false, merge_same: false }, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={styles.lines}>
      <TextInput label={t('system')} description={t('system_hint')} value={source} maxLength={40} onChange={(event) => setSource(event.currentTarget.value)} />
      <TextInput label={t('id_there')} value={value} maxLength={200} onChange={(event) => setValue(event.currentTarget.value)} />
      {add.isError && <span role="alert" className={styles.wrong}>{asAPIError(add.error).message}</span>}
      <div className={styles.bar}>
        <Button type="submit" size="compact-md" disabled={!source.trim() || !value.trim()} loading={add.isPending}>{t('save')}</Button>
        <Button size="compact-md" variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
