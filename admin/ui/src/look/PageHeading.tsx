/** The heading of a page, which is also its title in the browser and the name of its main region. */
import { Group, Text, Title } from '@mantine/core';
import { useDocumentTitle } from '@mantine/hooks';
import type { ReactNode } from 'react';

/** The id that the shell's main region is labelled by. */
export const PAGE_HEADING_ID = 'page-heading';

interface Props {
  title: string;
  children?: ReactNode;
}

export function PageHeading({ title, children }: Props) {
  useDocumentTitle(`${title} · Parley`);
  return (
    <Group component="header" justify="space-between" align="flex-end" gap="xs" mb="lg">
      <div>
        <Title order={1} id={PAGE_HEADING_ID} fz={26} lh="34px">
          {title}
        </Title>
        {children && <Text c="dimmed" size="sm" mt={2}>{children}</Text>}
      </div>
    </Group>
  );
}
