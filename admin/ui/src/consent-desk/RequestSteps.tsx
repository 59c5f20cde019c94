/** The three things that can be done about an open request, each with the words the person may read. */
import { Alert, Button, Select, Textarea } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import { useState } from 'react';
import { asAPIError } from '../api/problem';
import { useWords } from '../i18n/useWords';
import { ConfirmButton } from '../look/ConfirmButton';
import { saveJson } from './saving';
import type { Decision, PrivacyRequest } from './types';
import { useCarryOut, useExtend, usePersonalData, useRefuse } from './usePrivacyRequests';

const SHORTEST = 3; // characters of an outcome or reason
const BANDS = ['hot', 'warm', 'cold'] as const;

interface Props {
  request: PrivacyRequest;
}

export function CarryOut({ request }: Props) {
  const t = useWords('privacy');
  const carryOut = useCarryOut(request.id);
  const [outcome, setOutcome] = useState(t(`outcome_${request.kind}`));
  const [decision, setDecision] = useState<Decision['decision']>(null);
  const needsDecision = request.kind === 'human_review';
  const isErasure = request.kind === 'erase';
  return (
    <ConfirmButton
      testId="carry-out" variant="filled" label={t(`do_${request.kind}`)} title={t(`do_${request.kind}`)} confirm={t(isErasure ? 'erase_now' : 'done_now')} cancel={t('cancel')}
      isDangerous={isErasure} isReady={outcome.trim().length >= SHORTEST && (!needsDecision || decision !== null)}
      isBusy={carryOut.isPending} error={carryOut.error} onConfirm={() => carryOut.mutate({ outcome: outcome.trim(), decision })}
    >
      {isErasure && <Alert color="red" mb="md" title={t('erase_title')}>{t('erase_means')}</Alert>}
      {(request.kind === 'access' || request.kind === 'why_contacted') && <Export contactId={request.contact_id} />}
      {needsDecision && (
        <Select
          mb="md" label={t('decision')} value={decision ?? null} onChange={(said) => setDecision(BANDS.find((one) => one === said) ?? null)}
          data={BANDS.map((value) => ({ value, label: t(`band_${value}`) }))} comboboxProps={{ withinPortal: false }}
        />
      )}
      <Textarea label={t('outcome')} description={t('outcome_hint')} value={outcome} onChange={(event) => setOutcome(event.currentTarget.value)} autosize minRows={2} maxLength={1000} data-testid="outcome" />
    </ConfirmButton>
  );
}

/** What is held of the person, as a file to hand over. */
function Export({ contactId }: { contactId: string }) {
  const t = useWords('privacy');
  const load = usePersonalData(contactId);
  const save = () => load.mutate(undefined, { onSuccess: (data) => saveJson(`personal-data-${contactId}.json`, data) });
  return (
    <>
      <p>{t('export_hint')}</p>
      <Button variant="default" mb="md" leftSection={<IconDownload size={16} aria-hidden />} loading={load.isPending} onClick={save} data-testid="personal-data">{t('export')}</Button>
      {load.isError && <Alert color="red" mb="md" role="alert">{asAPIError(load.error).message}</Alert>}
    </>
  );
}

export function Extend({ request }: Props) {
  const t = useWords('privacy');
  const extend = useExtend(request.id);
  return <WithReason label={t('extend')} hint={t('extend_means')} step={extend} />;
}

export function Refuse({ request }: Props) {
  const t = useWords('privacy');
  const refuse = useRefuse(request.id);
  return <WithReason label={t('refuse')} hint={t('refuse_means')} step={refuse} isDangerous />;
}

interface ReasonProps {
  label: string;
  hint: string;
  step: ReturnType<typeof useExtend>;
  isDangerous?: boolean;
}

function WithReason({ label, hint, step, isDangerous = false }: ReasonProps) {
  const t = useWords('privacy');
  const [reason, setReason] = useState('');
  return (
    <ConfirmButton
      label={label} title={label} confirm={label} cancel={t('cancel')} isDangerous={isDangerous} isReady={reason.trim().length >= SHORTEST}
      isBusy={step.isPending} error={step.error} onConfirm={() => step.mutate(reason.trim())}
    >
      <p>{hint}</p>
      <Textarea label={t('reason')} value={reason} onChange={(event) => setReason(event.currentTarget.value)} autosize minRows={2} maxLength={1000} />
    </ConfirmButton>
  );
}
