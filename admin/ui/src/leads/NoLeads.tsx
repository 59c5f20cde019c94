/** In place of the leads when there are none: how to get the first, or how to widen the search. */
import { Button, List, Text } from '@mantine/core';
import { IconSearchOff, IconSeedling } from '@tabler/icons-react';
import { Link } from 'react-router';
import { Nothing } from '../look/Notices';

export function NoLeads({ isFiltered }: { isFiltered: boolean }) {
  if (isFiltered) {
    return (
      <Nothing icon={IconSearchOff} title="No lead matches">
        <Text c="dimmed" size="sm" maw={400}>Try a part of the name or another band. Addresses and numbers are found when they are complete.</Text>
        <Button component={Link} to="/leads" variant="default" mt="sm">Show all leads</Button>
      </Nothing>
    );
  }
  return (
    <Nothing icon={IconSeedling} title="Your first lead is one chat away">
      <List type="ordered" size="sm" c="dimmed" spacing={6} mt="xs" ta="left" data-testid="no-leads">
        <List.Item>Open a page that carries your chat.</List.Item>
        <List.Item>Start a conversation, as a visitor would.</List.Item>
        <List.Item>Leave an e-mail address. The lead appears here within seconds, by itself.</List.Item>
      </List>
    </Nothing>
  );
}
