/** The leads as a table, for wide screens. */
import { Table, Text } from '@mantine/core';
import type { LeadRow } from '../api/types';
import { Moment } from '../look/Moment';
import { Sheet } from '../look/Panel';
import { stageName } from '../look/words';
import { ConsentSummary } from './ConsentSummary';
import { LeadIdentity } from './LeadIdentity';
import styles from './LeadList.module.css';
import { Score } from './Score';

const COLUMNS = [
  { name: 'Lead', width: '32%' }, { name: 'Score', width: '15%' }, { name: 'Consent', width: '25%' },
  { name: 'Stage', width: '13%' }, { name: 'Last message', width: '15%' },
];

export function LeadTable({ leads }: { leads: readonly LeadRow[] }) {
  return (
    <Sheet>
      <Table className={styles.table ?? ''} borderColor="var(--line)" aria-label="Leads">
        <Table.Thead>
          <Table.Tr>
            {COLUMNS.map(({ name, width }) => <Table.Th key={name} w={width}>{name}</Table.Th>)}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>{leads.map((lead) => <Row key={lead.id} lead={lead} />)}</Table.Tbody>
      </Table>
    </Sheet>
  );
}

function Row({ lead }: { lead: LeadRow }) {
  return (
    <Table.Tr className={styles.row ?? ''} data-testid="lead-row" data-lead-id={lead.id}>
      <Table.Td><LeadIdentity lead={lead} /></Table.Td>
      <Table.Td><Score score={lead.score} band={lead.band} /></Table.Td>
      <Table.Td><ConsentSummary consents={lead.consents} /></Table.Td>
      <Table.Td><Text size="sm" component="span">{stageName(lead.stage)}</Text></Table.Td>
      <Table.Td>
        <Text size="sm" c="dimmed" component="span">
          {lead.last_message_at ? <Moment at={lead.last_message_at} /> : 'No message yet'}
        </Text>
      </Table.Td>
    </Table.Tr>
  );
}
