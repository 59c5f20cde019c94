/** The Parley mark and name. */
import mark from './parley.svg';

export function Logo({ size = 26 }: { size?: number }) {
  return (
    <span style={{ display: 'inline-flex', alignItems: 'center', gap: 9 }}>
      <img src={mark} width={size} height={size} alt="" />
      <span style={{ fontWeight: 650, fontSize: size * 0.69, letterSpacing: '-0.02em' }}>Parley</span>
    </span>
  );
}
