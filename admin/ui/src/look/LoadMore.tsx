/** Loads the next page of a list; says nothing when there is none. */
import { Button, Center } from '@mantine/core';

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

export function LoadMore({ list }: Props) {
  if (!list.hasNextPage) return null;
  return (
    <Center mt="lg">
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} data-testid="load-more">
        Load more
      </Button>
    </Center>
  );
}
