/** A talk with the draft beside the canvas: what each channel shows, where the talk stands, what it knows and would do. */
import { Button, Group, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { IconClockHour4, IconPlayerPlay, IconRefresh, IconSend2 } from '@tabler/icons-react';
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import { asAPIError } from '../api/problem';
import { Tag } from '../look/Tag';
import { plainWords, valueInWords } from '../look/words';
import { useEditor } from './EditorContext';
import { shortSeconds } from './model/durations';
import { CHANNELS } from './model/texts';
import { Channel as Rendered } from './panel/Previews';
import { Section } from './panel/Section';
import type { Act, Simulation } from './shapes';
import { simulate, type Channel } from './useFlows';
import { useEditorWords } from './words';
import styles from './editor.module.css';

export interface Standing {
  step: string | null;
  walked: readonly { from: string; to: string }[];
}

interface Turn {
  said: string | null;
  came: Simulation;
}

interface Props {
  /** Saves what is written, so that the talk is with what is seen. */
  beforeStart: () => Promise<void>;
  onStanding: (standing: Standing) => void;
}

export function Simulator({ beforeStart, onStanding }: Props) {
  const { item, language } = useEditor();
  const { t, value: valueWords } = useEditorWords();
  const [channel, setChannel] = useState<Channel>('web');
  const [turns, setTurns] = useState<readonly Turn[]>([]);
  const [typed, setTyped] = useState('');
  const end = useRef<HTMLDivElement>(null);
  const last = turns.at(-1)?.came;

  const act = useMutation({
    mutationFn: async ({ act: done, isFirst, on }: { act: Act; said: string | null; isFirst: boolean; on: Channel }) => {
      if (isFirst) await beforeStart();
      return simulate({ item, act: done, talk: isFirst ? null : last?.talk ?? null, channel: on, language });
    },
    onSuccess: (came, { said, isFirst }) => {
      setTurns((before) => [...(isFirst ? [] : before), { said, came }]);
      setTyped('');
    },
  });

  useEffect(() => {
    const flow = item.split('/')[1] ?? '';
    const within = (step: string | null | undefined) => (step?.startsWith(`${flow}/`) ? step.slice(flow.length + 1) : null);
    onStanding({
      step: within(last?.stands_on),
      walked: turns.flatMap(({ came }) => came.walked).filter((edge) => edge.flow === flow && edge.to !== null).map((edge) => ({ from: edge.step, to: edge.to ?? '' })),
    });
    end.current?.scrollIntoView({ block: 'nearest' });
  }, [item, last, onStanding, turns]);
  // Whoever leaves the talk leaves no step lit.
  useEffect(() => () => onStanding({ step: null, walked: [] }), [onStanding]);

  const start = (on: Channel = channel) => act.mutate({ act: { kind: 'start' }, said: null, isFirst: true, on });
  const go = (done: Act, said: string) => act.mutate({ act: done, said, isFirst: false, on: channel });
  const open = last?.replies.findLast((reply) => reply.input !== null);
  return (
    <Stack gap="sm" data-testid="simulator">
      <SegmentedControl
        size="xs" fullWidth value={channel} aria-label={t('channel')} data={CHANNELS.map((one) => ({ value: one, label: valueWords(one) }))}
        onChange={(next) => {
          setChannel(next as Channel);
          if (turns.length > 0) start(next as Channel);
        }}
      />
      {turns.length === 0 ? (
        <Stack gap="xs" align="flex-start">
          <Text size="sm" c="dimmed">{t('simulator_why')}</Text>
          <Button leftSection={<IconPlayerPlay size={16} aria-hidden />} loading={act.isPending} onClick={() => start()} data-testid="simulator-start">{t('start_talk')}</Button>
        </Stack>
      ) : (
        <>
          <div className={styles.talk} role="log" aria-label={t('talk')} tabIndex={0}>
            {turns.map(({ said, came }, index) => <TurnOf key={index} said={said} came={came} channel={channel} />)}
            {last?.ended && <p className={styles.ended} data-testid="simulator-ended"><Tag>{t('ended_as', { outcome: plainWords(last.ended) })}</Tag></p>}
            <div ref={end} />
          </div>
          {open && open.choices.length > 0 && (
            <Group gap={6} role="group" aria-label={t('choices')}>
              {open.choices.map((choice) => (
                <Button key={choice.value} size="xs" variant="light" disabled={act.isPending} onClick={() => go({ kind: 'tap', value: choice.value }, choice.label)} data-testid="simulator-choice">{choice.label}</Button>
              ))}
            </Group>
          )}
          <form
            onSubmit={(event) => {
              event.preventDefault();
              if (typed.trim()) go({ kind: 'text', text: typed }, typed);
            }}
          >
            <TextInput
              aria-label={t('say_something')} placeholder={t('say_something')} value={typed} data-testid="simulator-text" autoComplete="off"
              onChange={(event) => setTyped(event.currentTarget.value)}
              rightSection={<button type="submit" className={styles.send} aria-label={t('send')} disabled={act.isPending}><IconSend2 size={16} aria-hidden /></button>}
            />
          </form>
          <Group gap={6}>
            <Button size="compact-sm" variant="subtle" color="gray" c="var(--ink-soft)" leftSection={<IconRefresh size={14} aria-hidden />} loading={act.isPending} onClick={() => start()} data-testid="simulator-start">{t('start_again')}</Button>
            {last?.timer && (
              <Button
                size="compact-sm" variant="subtle" color="gray" c="var(--ink-soft)" leftSection={<IconClockHour4 size={14} aria-hidden />} disabled={act.isPending}
                onClick={() => go({ kind: 'wait', seconds: last.timer?.seconds ?? 1 }, t('silence', { time: shortSeconds(last.timer?.seconds ?? 1) }))}
              >
                {t('stay_silent', { time: shortSeconds(last.timer.seconds) })}
              </Button>
            )}
          </Group>
        </>
      )}
      {act.error && <Text size="sm" c="var(--bad)" role="alert">{asAPIError(act.error).message}</Text>}
      {last && <Known simulation={last} effects={turns.flatMap(({ came }) => came.effects)} />}
    </Stack>
  );
}

function TurnOf({ said, came, channel }: Turn & { channel: Channel }) {
  return (
    <>
      {said !== null && <p className={`${styles.said} untrusted`}>{said}</p>}
      {came.replies.map((reply, index) => {
        const rendering = reply.renderings.find((one) => one.channel === channel);
        if (rendering && channel !== 'web') return <div key={index} data-testid="simulator-reply"><Rendered rendering={rendering} /></div>;
        return <p key={index} className={`${styles.reply} untrusted`} data-testid="simulator-reply">{reply.text || (rendering?.texts ?? []).join('\n')}</p>;
      })}
    </>
  );
}

/** What the talk knows, and what it would have done: nothing of it was. */
function Known({ simulation, effects }: { simulation: Simulation; effects: Simulation['effects'] }) {
  const { t, value } = useEditorWords();
  const slots = Object.entries(simulation.slots).filter(([, held]) => held !== null);
  return (
    <>
      <Section title={t('slots')}>
        {slots.length === 0 ? <Text size="xs" c="dimmed">{t('no_slots')}</Text> : (
          <dl className={styles.known} data-testid="simulator-slots">
            {slots.map(([name, held]) => <div key={name}><dt>{plainWords(name)}</dt><dd>{valueInWords(held)}</dd></div>)}
          </dl>
        )}
      </Section>
      <Section title={t('effects')}>
        {effects.length === 0 ? <Text size="xs" c="dimmed">{t('no_effects')}</Text> : (
          <ul className={styles.effects} data-testid="simulator-effects">
            {effects.map((effect, index) => {
              const { effect: kind, type, ...rest } = effect;
              return <li key={index}><strong>{value(String(kind ?? type ?? 'effect'))}</strong> <span>{Object.entries(rest).filter(([, held]) => held !== null && held !== '').map(([name, held]) => `${plainWords(name)}: ${valueInWords(held)}`).join('; ')}</span></li>;
            })}
          </ul>
        )}
      </Section>
      {simulation.needs.length > 0 && (
        <Section title={t('needs')}>
          <ul className={styles.effects}>
            {simulation.needs.map((need, index) => <li key={index}><strong>{value(need.need)}</strong> <span>{need.step}</span></li>)}
          </ul>
        </Section>
      )}
    </>
  );
}
