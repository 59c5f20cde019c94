/** What somebody wants corrected: the fields as they are held, to be written over. */
import { useFieldDefinitions } from '../contacts/useContact';
import { OneField } from '../contacts/OneField';
import { useWords } from '../i18n/useWords';
import { ListLoading } from '../look/Loading';
import { Failure } from '../look/Notices';
import styles from './Desk.module.css';
import { useHeldFields } from './usePrivacyRequests';

interface Props {
  contactId: string;
  /** What was filled in so far. */
  values: Readonly<Record<string, unknown>>;
  onChange: (values: Record<string, unknown>, held: Record<string, unknown>) => void;
}

export function CorrectionFields({ contactId, values, onChange }: Props) {
  const t = useWords('privacy');
  const definitions = useFieldDefinitions();
  const held = useHeldFields(contactId);
  if (contactId === '') return <p className={styles.soft} role="status">{t('correct_whom')}</p>;
  const failed = [definitions, held].find(({ isError }) => isError);
  if (failed) return <Failure error={failed.error} onRetry={() => void failed.refetch()} isRetrying={failed.isFetching} />;
  if (!definitions.data || !held.data) return <ListLoading what={t('correct_what')} />;
  const before = held.data;
  return (
    <fieldset className={styles.fieldset}>
      <legend>{t('correct_what')}</legend>
      <p className={styles.soft}>{t('correct_hint')}</p>
      <div className={styles.fields}>
        {definitions.data.map((definition) => (
          <OneField
            key={definition.name} definition={definition} value={definition.name in values ? values[definition.name] : before[definition.name]}
            onChange={(value) => onChange({ ...values, [definition.name]: value }, before)}
          />
        ))}
      </div>
    </fieldset>
  );
}
