/** What a step on the canvas is called by a screen reader. */
import { useMemo } from 'react';
import { useEditorWords } from '../words';
import type { StepData } from './build';

export function useCanvasWords() {
  const { t } = useEditorWords();
  return useMemo(() => ({
    describe(data: StepData, name: string): string {
      const parts = [
        data.title, name, data.line,
        data.isEntry ? t('step_entry') : '',
        data.isUnreached ? t('step_unreached') : '',
        data.isLit ? t('step_lit') : '',
        data.problems > 0 ? t('problems_count', { count: data.problems }) : '',
        data.notes > 0 ? t('notes_count', { count: data.notes }) : '',
        data.mark === 'added' ? t('mark_added') : data.mark === 'changed' ? t('mark_changed') : data.mark === 'removed' ? t('mark_removed') : '',
        data.figure,
      ];
      return parts.filter(Boolean).join(', ');
    },
  }), [t]);
}
