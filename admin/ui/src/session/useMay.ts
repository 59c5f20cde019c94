/** What the user who is logged in may do. The server decides; here it only says what is worth showing. */
import type { Permission } from '../api/types';
import { useSession } from './useSession';

/** Asks for a permission by its name, such as `segments.write`. */
export function useMay(): (permission: Permission) => boolean {
  const { data: user } = useSession();
  return (permission) => user?.permissions.includes(permission) ?? false;
}
