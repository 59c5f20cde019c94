/** What is known of a contact by field: shown, and changed by a form of all fields that are defined. */
import { Button } from '@mantine/core';
import { useState, type FormEvent } from 'react';
import type { Lead } from '../api/types';
import { useWords } from '../i18n/useWords';
import { Refused } from '../look/Notices';
import { Panel } from '../look/Panel';
import { plainWords, valueInWords } from '../look/words';
import { useMay } from '../session/useMay';
import styles from './Contact.module.css';
import { changedFields } from './fields';
import { OneField } from './OneField';
import type { ContactField } from './types';
import { useFieldDefinitions, useSetFields } from './useContact';

export function FieldsPanel({ lead }: { lead: Lead }) {
  const t = useWords('contacts');
  const may = useMay()('contacts.write');
  const [isEditing, setEditing] = useState(false);
  const definitions = useFieldDefinitions();
  const labels = new Map(definitions.data?.map(({ name, label }) => [name, label]));
  const known = Object.entries(lead.fields).filter(([, value]) => value !== null);
  const edit = may && !isEditing && definitions.data && <Button variant="subtle" size="compact-sm" color="var(--accent)" onClick={() => setEditing(true)} data-testid="edit-fields">{t('edit')}</Button>;
  return (
    <Panel title={t('details')} aside={edit}>
      {isEditing && definitions.data ? (
        <FieldsForm lead={lead} definitions={definitions.data} onDone={() => setEditing(false)} />
      ) : (
        <>
          {known.length === 0 && <p className={styles.soft}>{t('nothing_known')}</p>}
          <dl className={styles.details}>
            {known.map(([field, value]) => (
              <div key={field}>
                <dt>{labels.get(field) ?? plainWords(field)}</dt>
                <dd className="untrusted" dir="auto">{valueInWords(value)}</dd>
              </div>
            ))}
          </dl>
        </>
      )}
    </Panel>
  );
}

interface FormProps {
  lead: Lead;
  definitions: readonly ContactField[];
  onDone: () => void;
}

function FieldsForm({ lead, definitions, onDone }: FormProps) {
  const t = useWords('contacts');
  const set = useSetFields(lead.id);
  // As it was when the form was opened: what a chat tells meanwhile is not written over.
  const [before] = useState<Record<string, unknown>>(lead.fields);
  const [values, setValues] = useState<Record<string, unknown>>(lead.fields);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const changes = changedFields(before, values);
    if (Object.keys(changes).length === 0) onDone();
    else set.mutate(changes, { onSuccess: onDone });
  };
  return (
    <form onSubmit={submit} className={styles.lines}>
      {definitions.map((definition) => (
        <OneField key={definition.name} definition={definition} value={values[definition.name]} onChange={(value) => setValues({ ...values, [definition.name]: value })} />
      ))}
      <Refused error={set.error} testId="form-error" />
      <div className={styles.bar}>
        <Button type="submit" size="compact-md" loading={set.isPending} data-testid="save-fields">{t('save')}</Button>
        <Button size="compact-md" variant="default" onClick={onDone}>{t('cancel')}</Button>
      </div>
    </form>
  );
}
