/** The fields of a condition about what people did: what, how often, when, and with which properties. */
import { ActionIcon, Button, NumberInput, TextInput } from '@mantine/core';
import { IconFilterPlus, IconX } from '@tabler/icons-react';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { plainWords } from '../look/words';
import { carryOver, valueTypeOf } from './operators';
import styles from './Builder.module.css';
import type { EventCondition, PropertyCondition } from './types';
import { useRuleVocabulary } from './vocabulary';
import { ValueField } from './ValueField';

interface Props {
  condition: EventCondition;
  onChange: (condition: EventCondition) => void;
}

const MOST_PROPERTIES = 10;

export function EventFields({ condition, onChange }: Props) {
  const t = useWords('segments');
  const { events } = useRuleVocabulary();
  const properties = events.find(({ name }) => name === condition.event)?.properties ?? {};
  const add = () => {
    const [name = 'value', type] = Object.entries(properties)[0] ?? [];
    onChange({ ...condition, where: [...condition.where, { property: name, op: 'is', value: carryOver('is', valueTypeOf(type), '') }] });
  };
  return (
    <>
      <Choose
        aria-label={t('kind_event')} value={condition.event} choices={events.map(({ name, title }) => ({ value: name, label: title }))}
        onChange={(event) => onChange({ ...condition, event, where: [] })}
      />
      <Times condition={condition} onChange={onChange} />
      <When condition={condition} onChange={onChange} />
      {condition.where.map((one, at) => (
        <Property
          key={at} property={one} properties={properties}
          onChange={(changed) => onChange({ ...condition, where: condition.where.flatMap((old, place) => (place === at ? (changed ? [changed] : []) : [old])) })}
        />
      ))}
      {Object.keys(properties).length > 0 && condition.where.length < MOST_PROPERTIES && (
        <Button variant="subtle" size="compact-sm" color="var(--accent)" leftSection={<IconFilterPlus size={15} aria-hidden />} onClick={add}>
          {t('add_property')}
        </Button>
      )}
    </>
  );
}

function Times({ condition, onChange }: Props) {
  const t = useWords('segments');
  const isNever = condition.times === 'exactly' && condition.count === 0;
  const change = (said: 'at_least' | 'at_most' | 'exactly' | 'never') => {
    if (said === 'never') onChange({ ...condition, times: 'exactly', count: 0 });
    else onChange({ ...condition, times: said, count: Math.max(1, condition.count) });
  };
  return (
    <>
      <Choose
        aria-label={t('how_often')} value={isNever ? 'never' : condition.times} onChange={change}
        choices={(['at_least', 'at_most', 'exactly', 'never'] as const).map((one) => ({ value: one, label: t(`times_${one}`) }))}
      />
      {!isNever && (
        <>
          <NumberInput
            aria-label={t('times')} w={76} min={1} max={1000} allowDecimal={false} hideControls value={Number.isFinite(condition.count) ? condition.count : ''}
            onChange={(count) => onChange({ ...condition, count: typeof count === 'number' ? count : NaN })}
          />
          <span>{t('times')}</span>
        </>
      )}
    </>
  );
}

function When({ condition, onChange }: Props) {
  const t = useWords('segments');
  const isBetween = Boolean(condition.since ?? condition.until);
  const mode = condition.in_last ? 'last' : isBetween ? 'between' : 'ever';
  const none = { in_last: null, since: null, until: null };
  const change = (said: 'ever' | 'last' | 'between') => {
    if (said === 'ever') onChange({ ...condition, ...none });
    else if (said === 'last') onChange({ ...condition, ...none, in_last: { amount: 30, unit: 'days' } });
    else onChange({ ...condition, ...none, since: `${new Date().getUTCFullYear()}-01-01T00:00:00Z` });
  };
  return (
    <>
      <Choose
        aria-label={t('when')} value={mode} onChange={change}
        choices={(['ever', 'last', 'between'] as const).map((one) => ({ value: one, label: t(`when_${one}`) }))}
      />
      {condition.in_last && <LastSpan span={condition.in_last} onChange={(in_last) => onChange({ ...condition, in_last })} />}
      {isBetween && (
        <>
          <Day label={t('since')} value={condition.since} onChange={(since) => onChange({ ...condition, since })} />
          <Day label={t('until')} value={condition.until} onChange={(until) => onChange({ ...condition, until })} />
        </>
      )}
    </>
  );
}

type Span = NonNullable<EventCondition['in_last']>;

function LastSpan({ span, onChange }: { span: Span; onChange: (span: Span) => void }) {
  const t = useWords('segments');
  return (
    <>
      <NumberInput
        aria-label={t('amount')} w={76} min={1} max={10_000} allowDecimal={false} hideControls value={Number.isFinite(span.amount) ? span.amount : ''}
        onChange={(amount) => onChange({ ...span, amount: typeof amount === 'number' ? amount : NaN })}
      />
      <Choose
        aria-label={t('unit')} value={span.unit} onChange={(unit) => onChange({ ...span, unit })}
        choices={(['hours', 'days', 'weeks'] as const).map((one) => ({ value: one, label: t(`unit_${one}`) }))}
      />
    </>
  );
}

/** A day, which begins at midnight UTC, as the rules count. */
function Day({ label, value, onChange }: { label: string; value: string | null; onChange: (value: string | null) => void }) {
  const shown = value ? value.slice(0, 10) : '';
  return (
    <TextInput type="date" aria-label={label} value={shown} onChange={({ currentTarget: { value: day } }) => onChange(day ? `${day}T00:00:00Z` : null)} />
  );
}

interface PropertyProps {
  property: PropertyCondition;
  properties: Record<string, string>;
  onChange: (property: PropertyCondition | null) => void;
}

function Property({ property, properties, onChange }: PropertyProps) {
  const t = useWords('segments');
  const names = Object.keys(properties).map((name) => ({ value: name, label: plainWords(name) }));
  const type = valueTypeOf(properties[property.property]);
  return (
    <div className={styles.property}>
      <span>{t('where')}</span>
      <Choose
        aria-label={t('property')} value={property.property} choices={names}
        onChange={(name) => onChange({ property: name, op: 'is', value: carryOver('is', valueTypeOf(properties[name]), '') })}
      />
      <ValueField type={type} choices={[]} op={property.op} value={property.value} onChange={(op, value) => onChange({ ...property, op, value })} />
      <ActionIcon variant="subtle" color="gray" size={32} aria-label={t('remove_property')} onClick={() => onChange(null)}>
        <IconX size={16} aria-hidden />
      </ActionIcon>
    </div>
  );
}
