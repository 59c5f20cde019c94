/** The fields contacts have: ours, and a company's own, which are defined here. */
import { Button } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { useState } from 'react';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import { PageHeading } from '../look/PageHeading';
import { Panel, Sheet } from '../look/Panel';
import { Tag } from '../look/Tag';
import { useMay } from '../session/useMay';
import { BackToSettings } from './BackToSettings';
import { FieldForm } from './FieldForm';
import styles from './Settings.module.css';
import { useAddField, useChangeField, useContactFields, useRemoveField, type ContactField } from './useContactFields';

export function ContactFieldsPage() {
  const t = useWords('settings');
  const may = useMay()('settings.write');
  const fields = useContactFields();
  const [isAdding, setAdding] = useState(false);
  const add = useAddField();
  return (
    <>
      <BackToSettings />
      <PageHeading title={t('place_fields')}>{t('about_fields')}</PageHeading>
      <div className={styles.panels}>
        {may && !isAdding && <div><Button leftSection={<IconPlus size={16} aria-hidden />} onClick={() => { add.reset(); setAdding(true); }} data-testid="new-field">{t('new_field')}</Button></div>}
        {isAdding && (
          <Panel title={t('new_field')}>
            <FieldForm field={null} isBusy={add.isPending} error={add.error} onCancel={() => setAdding(false)} onSave={(body) => add.mutate(body, { onSuccess: () => setAdding(false) })} />
          </Panel>
        )}
        {fields.isPending && <Sheet><ListLoading what={t('place_fields')} /></Sheet>}
        {fields.isError && !fields.data && <Sheet><Failure error={fields.error} onRetry={() => void fields.refetch()} isRetrying={fields.isFetching} /></Sheet>}
        {fields.data && (
          <>
            <FieldList title={t('own_fields')} empty={t('no_own_fields')} fields={fields.data.filter(({ id }) => id !== null)} mayChange={may} />
            <FieldList title={t('built_in')} empty="" fields={fields.data.filter(({ id }) => id === null)} mayChange={false} />
          </>
        )}
      </div>
    </>
  );
}

interface ListProps {
  title: string;
  empty: string;
  fields: readonly ContactField[];
  mayChange: boolean;
}

function FieldList({ title, empty, fields, mayChange }: ListProps) {
  return (
    <Panel title={title}>
      {fields.length === 0 && <p className={styles.soft}>{empty}</p>}
      <ul className={styles.list} aria-label={title}>{fields.map((field) => <Item key={field.name} field={field} mayChange={mayChange} />)}</ul>
    </Panel>
  );
}

function Item({ field, mayChange }: { field: ContactField; mayChange: boolean }) {
  const t = useWords('settings');
  const [isEditing, setEditing] = useState(false);
  const change = useChangeField(field.id ?? '');
  const remove = useRemoveField(field.id ?? '');
  if (isEditing) {
    return (
      <li className={styles.field}>
        <FieldForm
          field={field} isBusy={change.isPending} error={change.error} onCancel={() => setEditing(false)}
          onSave={({ label, choices, sensitivity, keep_days: keepDays }) =>
            change.mutate({ label, choices: choices ?? null, sensitivity: sensitivity ?? null, keep_days: keepDays ?? null }, { onSuccess: () => setEditing(false) })}
        />
      </li>
    );
  }
  return (
    <li className={styles.field} data-testid="contact-field">
      <div className={styles.what}>
        <strong>{field.label}</strong> <code className={styles.soft}>{field.name}</code>
        <div className={styles.soft}>{[t(`type_${field.type}`), field.choices.join(', '), field.keep_days && t('kept', { count: field.keep_days })].filter(Boolean).join(' · ')}</div>
      </div>
      {field.sensitivity !== 'personal' && <Tag tone={field.sensitivity === 'sensitive' ? 'bad' : 'plain'}>{t(`sensitivity_${field.sensitivity}`)}</Tag>}
      {mayChange && (
        <>
          <Button variant="default" size="compact-md" onClick={() => setEditing(true)} aria-label={t('edit_what', { what: field.label })}>{t('edit')}</Button>
          <ConfirmButton
            size="compact-md" label={t('remove')} title={t('remove_field', { name: field.label })} confirm={t('remove')} cancel={t('cancel')} isBusy={remove.isPending} error={remove.error}
            onConfirm={() => remove.mutate(undefined)}
          >
            {t('remove_field_means')}
          </ConfirmButton>
        </>
      )}
    </li>
  );
}
