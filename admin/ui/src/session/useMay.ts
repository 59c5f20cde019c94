/** What the user who is logged in may do. The server decides; here it only says what is worth showing. */
import { useSession } from './useSession';

/** Asks for a permission by its name, such as `segments.write`. */
export function useMay(): (permission: string) => boolean {
  const { data: user } = useSession();
  const permissions: readonly string[] = user?.permissions ?? [];
  return (permission) => permissions.includes(permission);
}
