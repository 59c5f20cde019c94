/** A kind of events to be added: what it is called, and what an event of it may hold. */
import { ActionIcon, Button, Checkbox, TextInput } from '@mantine/core';
import { IconPlus, IconTrash } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useWords } from '../i18n/useWords';
import { fieldNameFor } from '../imports/files';
import { Choose } from '../look/Choose';
import { Refused } from '../look/Notices';
import styles from './EventSources.module.css';
import { TYPES, type PropertyType } from './types';
import { useAddKind } from './useEventSources';

interface Property {
  label: string;
  type: PropertyType;
  isRequired: boolean;
}

const MOST = 40; // properties

export function KindForm({ onDone }: { onDone: () => void }) {
  const t = useWords('event_sources');
  const [title, setTitle] = useState('');
  const [properties, setProperties] = useState<readonly Property[]>([]);
  const add = useAddKind();
  const named = properties.map((one) => ({ ...one, name: fieldNameFor(one.label) })).filter(({ name }) => name !== '');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const body = {
      name: fieldNameFor(title), title: title.trim(),
      properties: Object.fromEntries(named.map(({ name, type }) => [name, type])),
      required: named.filter(({ isRequired }) => isRequired).map(({ name }) => name),
    };
    add.mutate(body, { onSuccess: onDone });
  };
  const change = (at: number, to: Partial<Property>) => setProperties(properties.map((one, index) => (index === at ? { ...one, ...to } : one)));
  return (
    <form onSubmit={submit} className={styles.kind}>
      <TextInput
        label={t('kind_title')} description={title.trim() ? t('sent_as', { name: fieldNameFor(title) }) : t('kind_title_hint')} value={title} required withAsterisk={false} maxLength={60} autoFocus
        onChange={(event) => setTitle(event.currentTarget.value)} data-testid="kind-title"
      />
      <ul className={styles.properties} aria-label={t('properties')}>
        {properties.map((one, index) => (
          <li key={index} className={styles.property}>
            <TextInput aria-label={t('property')} placeholder={t('property')} value={one.label} maxLength={60} flex={1} miw={140} onChange={(event) => change(index, { label: event.currentTarget.value })} data-testid="property-name" />
            <Choose aria-label={t('property_type')} value={one.type} choices={TYPES.map((value) => ({ value, label: t(`type_${value}`) }))} onChange={(type) => change(index, { type })} />
            <Checkbox label={t('required')} checked={one.isRequired} onChange={(event) => change(index, { isRequired: event.currentTarget.checked })} />
            <ActionIcon variant="subtle" color="gray" size={34} aria-label={t('remove_property', { name: one.label || index + 1 })} onClick={() => setProperties(properties.filter((_, other) => other !== index))}>
              <IconTrash size={17} />
            </ActionIcon>
          </li>
        ))}
      </ul>
      {properties.length < MOST && (
        <div>
          <Button variant="default" size="compact-md" leftSection={<IconPlus size={15} aria-hidden />} onClick={() => setProperties([...properties, { label: '', type: 'text', isRequired: false }])} data-testid="add-property">{t('add_property')}</Button>
        </div>
      )}
      <Refused error={add.error} />
      <div className={styles.bar}>
        <Button type="submit" loading={add.isPending} disabled={fieldNameFor(title) === ''} data-testid="save-kind">{t('add_kind')}</Button>
        <Button variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
