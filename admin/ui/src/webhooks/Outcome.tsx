/** What a receiver answered, or why there was no answer, in words. */
import { useWords } from '../i18n/useWords';

const PROBLEMS = {
  'address not allowed': 'problem_address',
  'not reached': 'problem_not_reached',
  'certificate not valid': 'problem_certificate',
  'no answer in time': 'problem_time',
  'answer too large': 'problem_large',
  'broken answer': 'problem_broken',
  interrupted: 'problem_interrupted',
} as const;

interface Props {
  status: number | null;
  problem: string | null;
}

export function Outcome({ status, problem }: Props) {
  const t = useWords('webhooks');
  if (status !== null) return <>{t('answered', { status })}</>;
  if (problem === null) return null;
  return <>{problem in PROBLEMS ? t(PROBLEMS[problem as keyof typeof PROBLEMS]) : problem}</>;
}
