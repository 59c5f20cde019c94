/** For an address that is none of ours. */
import { Anchor, Text } from '@mantine/core';
import { Link } from 'react-router';
import { PageHeading } from '../look/PageHeading';

export function NotFoundPage() {
  return (
    <>
      <PageHeading title="Page not found" />
      <Text>
        Nothing lives at this address. <Anchor component={Link} to="/leads" underline="always">Go to the leads</Anchor>.
      </Text>
    </>
  );
}
