/** The fields of one condition, by its kind. Knows no group and sends nothing. */
import { NumberInput, TextInput } from '@mantine/core';
import { useWords } from '../i18n/useWords';
import { Choose } from '../look/Choose';
import { EventFields } from './EventFields';
import { carryOver, valueTypeOf } from './operators';
import type {
  AddressCondition, Condition, ConsentCondition, DateCondition, FactCondition, InSegment, NearText, ScoreCondition, TagCondition,
} from './types';
import { useRuleVocabulary } from './vocabulary';
import { ValueField } from './ValueField';

interface Props<T> {
  condition: T;
  onChange: (condition: T) => void;
}

const RELATIVE: readonly DateCondition['is'][] = ['in_last', 'at_least_ago', 'in_next', 'at_least_ahead'];
const DAYS: readonly DateCondition['is'][] = ['before', 'on_or_after'];
const STANDINGS: readonly NonNullable<ConsentCondition['is']>[] = ['given', 'refused', 'withdrawn', 'expired', 'none'];
const CHANNELS: readonly ConsentCondition['channel'][] = ['email', 'sms', 'voice', 'telegram', 'web'];
const PURPOSES = ['marketing', 'service', 'profiling', 'special_category'] as const;
const ADDRESSES: readonly AddressCondition['address'][] = ['email', 'phone', 'telegram'];

export function ConditionFields({ condition, onChange }: Props<Condition>) {
  if ('fact' in condition) return <FactFields condition={condition} onChange={onChange} />;
  if ('tag' in condition) return <TagFields condition={condition} onChange={onChange} />;
  if ('date' in condition) return <DateFields condition={condition} onChange={onChange} />;
  if ('event' in condition) return <EventFields condition={condition} onChange={onChange} />;
  if ('score' in condition) return <ScoreFields condition={condition} onChange={onChange} />;
  if ('consent' in condition) return <ConsentFields condition={condition} onChange={onChange} />;
  if ('address' in condition) return <AddressFields condition={condition} onChange={onChange} />;
  if ('segment' in condition) return <SegmentFields condition={condition} onChange={onChange} />;
  return <NearFields condition={condition} onChange={onChange} />;
}

function FactFields({ condition, onChange }: Props<FactCondition>) {
  const t = useWords('segments');
  const { facts } = useRuleVocabulary();
  const fact = facts.find(({ name }) => name === condition.fact);
  const typeOf = (name: string) => valueTypeOf(facts.find((one) => one.name === name)?.type);
  const change = (name: string) => {
    const choices = facts.find((one) => one.name === name)?.choices ?? [];
    const value = carryOver('is', typeOf(name), '');
    onChange({ fact: name, op: 'is', value: choices[0]?.value ?? value });
  };
  return (
    <>
      <Choose aria-label={t('fact')} value={condition.fact} choices={facts.map(({ name, label }) => ({ value: name, label }))} onChange={change} />
      <ValueField
        type={typeOf(condition.fact)} choices={fact?.choices ?? []} op={condition.op} value={condition.value}
        onChange={(op, value) => onChange({ ...condition, op, value })}
      />
    </>
  );
}

function TagFields({ condition, onChange }: Props<TagCondition>) {
  const t = useWords('segments');
  return (
    <TextInput
      aria-label={t('kind_tag')} placeholder={t('tag_example')} value={condition.tag} maxLength={100}
      onChange={(event) => onChange({ tag: event.currentTarget.value })}
    />
  );
}

function DateFields({ condition, onChange }: Props<DateCondition>) {
  const t = useWords('segments');
  const { dates } = useRuleVocabulary();
  const change = (is: DateCondition['is']) => {
    const isRelative = RELATIVE.includes(is);
    onChange({ date: condition.date, is, days: isRelative ? (condition.days ?? 30) : null, day: isRelative ? null : (condition.day ?? '') });
  };
  return (
    <>
      <Choose aria-label={t('date')} value={condition.date} choices={dates.map(({ name, label }) => ({ value: name, label }))} onChange={(date) => onChange({ ...condition, date })} />
      <Choose aria-label={t('comparison')} value={condition.is} choices={[...RELATIVE, ...DAYS].map((is) => ({ value: is, label: t(`date_${is}`) }))} onChange={change} />
      {condition.day === null ? (
        <>
          <NumberInput
            aria-label={t('days')} w={90} min={0} max={36_500} allowDecimal={false} value={condition.days ?? ''} hideControls
            onChange={(days) => onChange({ ...condition, days: typeof days === 'number' ? days : null })}
          />
          <span>{t('unit_days')}</span>
        </>
      ) : (
        <TextInput type="date" aria-label={t('day')} value={condition.day} onChange={(event) => onChange({ ...condition, day: event.currentTarget.value })} />
      )}
    </>
  );
}

function ScoreFields({ condition, onChange }: Props<ScoreCondition>) {
  const t = useWords('segments');
  const { scores } = useRuleVocabulary();
  const names = [{ value: 'total', label: t('score_total') }, ...scores.map(({ name, title }) => ({ value: name, label: title }))];
  return (
    <>
      <Choose aria-label={t('kind_score')} value={condition.score} choices={names} onChange={(score) => onChange({ ...condition, score })} />
      <Choose
        aria-label={t('comparison')} value={condition.op} onChange={(op) => onChange({ ...condition, op })}
        choices={[{ value: 'at_least', label: t('op_at_least') }, { value: 'at_most', label: t('op_at_most') }]}
      />
      <NumberInput
        aria-label={t('points')} w={100} allowDecimal={false} min={-100_000} max={100_000} hideControls
        value={Number.isFinite(condition.value) ? condition.value : ''}
        onChange={(value) => onChange({ ...condition, value: typeof value === 'number' ? value : NaN })}
      />
    </>
  );
}

function ConsentFields({ condition, onChange }: Props<ConsentCondition>) {
  const t = useWords('segments');
  return (
    <>
      <Choose aria-label={t('purpose')} value={condition.consent} choices={PURPOSES.map((one) => ({ value: one, label: t(`purpose_${one}`) }))} onChange={(consent) => onChange({ ...condition, consent })} />
      <Choose aria-label={t('channel')} value={condition.channel} choices={CHANNELS.map((one) => ({ value: one, label: t(`channel_${one}`) }))} onChange={(channel) => onChange({ ...condition, channel })} />
      <Choose aria-label={t('comparison')} value={condition.is ?? 'given'} choices={STANDINGS.map((one) => ({ value: one, label: t(`consent_${one}`) }))} onChange={(is) => onChange({ ...condition, is })} />
    </>
  );
}

function AddressFields({ condition, onChange }: Props<AddressCondition>) {
  const t = useWords('segments');
  const verified = condition.verified == null ? 'any' : condition.verified ? 'proven' : 'unproven';
  const means = { any: null, proven: true, unproven: false } as const;
  return (
    <>
      <Choose aria-label={t('kind_address')} value={condition.address} choices={ADDRESSES.map((one) => ({ value: one, label: t(`address_${one}`) }))} onChange={(address) => onChange({ ...condition, address })} />
      <Choose
        aria-label={t('proven')} value={verified} onChange={(said) => onChange({ ...condition, verified: means[said] })}
        choices={(['any', 'proven', 'unproven'] as const).map((one) => ({ value: one, label: t(`address_${one}`) }))}
      />
    </>
  );
}

function SegmentFields({ condition, onChange }: Props<InSegment>) {
  const t = useWords('segments');
  const { segments } = useRuleVocabulary();
  const blank = condition.segment === '' ? [{ value: '', label: t('choose_segment') }] : [];
  return <Choose aria-label={t('kind_segment')} value={condition.segment} choices={[...blank, ...segments]} onChange={(segment) => onChange({ segment })} />;
}

function NearFields({ condition, onChange }: Props<NearText>) {
  const t = useWords('segments');
  const strengths = [['0.5', 'near_loose'], ['0.6', 'near_close'], ['0.75', 'near_same']] as const;
  return (
    <>
      <TextInput
        aria-label={t('near_text')} placeholder={t('near_example')} value={condition.near} maxLength={1000} miw={220} flex={1}
        onChange={(event) => onChange({ ...condition, near: event.currentTarget.value })}
      />
      <Choose
        aria-label={t('near_strength')} value={String(condition.at_least ?? 0.6)} choices={strengths.map(([value, key]) => ({ value, label: t(key) }))}
        onChange={(value) => onChange({ ...condition, at_least: Number(value) })}
      />
    </>
  );
}
