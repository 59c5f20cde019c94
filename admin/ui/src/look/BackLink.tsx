/** The way back to the list or place that a page belongs to; stands above its heading. */
import { Anchor } from '@mantine/core';
import { IconArrowLeft } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { Link, type To } from 'react-router';

export function BackLink({ to, children }: { to: To; children: ReactNode }) {
  return (
    <Anchor component={Link} to={to} size="sm" mb={10} display="inline-flex" style={{ alignItems: 'center', gap: 5 }}>
      <IconArrowLeft size={15} aria-hidden /> {children}
    </Anchor>
  );
}
