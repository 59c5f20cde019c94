/** Whether the page is narrow. Used where one markup cannot serve both, never for mere layout: that is CSS. */
import { useMediaQuery } from '@mantine/hooks';

export function useOnPhone(): boolean {
  return useMediaQuery('(max-width: 47.99em)', false, { getInitialValueInEffect: false });
}
