/** The mark of a channel. Always beside its name, hence hidden from screen readers. */
import {
  IconBrandTelegram, IconDeviceMobileMessage, IconMail, IconMessageCircle, IconPhone, IconSend, type Icon,
} from '@tabler/icons-react';

const ICONS: Record<string, Icon> = {
  web: IconMessageCircle, email: IconMail, sms: IconDeviceMobileMessage, telegram: IconBrandTelegram, voice: IconPhone,
};

export function ChannelIcon({ channel, size = 15 }: { channel: string; size?: number }) {
  const Mark = ICONS[channel] ?? IconSend;
  return <Mark size={size} stroke={1.8} aria-hidden />;
}
