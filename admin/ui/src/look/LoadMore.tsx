/** Loads the next page of a list; says nothing when there is none. */
import { Button, Center } from '@mantine/core';
import { useWords } from '../i18n/useWords';

interface Props {
  list: { hasNextPage: boolean; isFetchingNextPage: boolean; fetchNextPage: () => Promise<unknown> };
}

export function LoadMore({ list }: Props) {
  const t = useWords('look');
  if (!list.hasNextPage) return null;
  return (
    <Center mt="lg">
      <Button variant="default" loading={list.isFetchingNextPage} onClick={() => void list.fetchNextPage()} data-testid="load-more">
        {t('load_more')}
      </Button>
    </Center>
  );
}
