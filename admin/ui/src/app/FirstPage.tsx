/** Leads to the first page that this user may open: the leads, or else the first place of the navigation. */
import { Navigate } from 'react-router';
import { useMay } from '../session/useMay';
import { PLACE_GROUPS } from './places';

const FIRST = '/leads';

export function FirstPage() {
  const may = useMay();
  const open = PLACE_GROUPS.flatMap(({ places }) => places).filter(({ needs }) => may(needs));
  const first = open.find(({ to }) => to === FIRST) ?? open[0];
  return <Navigate to={first?.to ?? '/settings/account'} replace />;
}
