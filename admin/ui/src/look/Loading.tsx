/** Grey bars in the shape of a list while it loads. */
import { Group, Skeleton, Stack, VisuallyHidden } from '@mantine/core';
import { useWords } from '../i18n/useWords';

const WIDTHS = ['42%', '31%', '38%', '27%', '35%', '40%'];

/** `what` is what the screen reader hears: "Loading leads". */
export function ListLoading({ what }: { what: string }) {
  const t = useWords('look');
  return (
    <Stack gap={22} p={20} role="status" aria-busy="true">
      <VisuallyHidden>{t('loading_what', { what })}</VisuallyHidden>
      {WIDTHS.map((width) => (
        <Group key={width} wrap="nowrap" gap="md">
          <Skeleton circle height={36} style={{ flex: 'none' }} />
          <Stack gap={8} flex={1}>
            <Skeleton height={11} width={width} />
            <Skeleton height={9} width="22%" />
          </Stack>
          <Skeleton height={18} width={64} radius="xl" />
        </Group>
      ))}
    </Stack>
  );
}
