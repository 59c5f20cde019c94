/** A button for what cannot, or not easily, be taken back: it asks once more, and says what will happen. */
import { Button, Group, Modal, type ButtonProps } from '@mantine/core';
import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Refused } from './Notices';

interface Props extends Omit<ButtonProps, 'children'> {
  label: string;
  title: string;
  confirm: string;
  cancel: string;
  isBusy: boolean;
  error?: Error | null;
  isDangerous?: boolean;
  /** Whether it may be confirmed: false while something that is asked for is missing. */
  isReady?: boolean;
  onConfirm: () => void;
  children: ReactNode;
  testId?: string;
}

export function ConfirmButton({
  label, title, confirm, cancel, isBusy, error = null, isDangerous = true, isReady = true, onConfirm, children, testId, ...button
}: Props) {
  const [isOpen, setOpen] = useState(false);
  const wasBusy = useRef(false);
  // It closes by itself once what it asked for is done.
  useEffect(() => {
    if (wasBusy.current && !isBusy && !error) setOpen(false);
    wasBusy.current = isBusy;
  }, [isBusy, error]);
  return (
    <>
      <Button variant="default" {...button} onClick={() => setOpen(true)} data-testid={testId}>{label}</Button>
      <Modal opened={isOpen} onClose={() => setOpen(false)} title={title} centered closeButtonProps={{ 'aria-label': cancel }}>
        {children}
        <Refused error={error} mt="md" />
        <Group justify="flex-end" mt="lg" gap="sm">
          <Button variant="default" onClick={() => setOpen(false)}>{cancel}</Button>
          <Button {...(isDangerous ? { color: 'red.9' } : {})} loading={isBusy} disabled={!isReady} onClick={onConfirm} data-testid={testId ? `${testId}-confirm` : 'confirm'}>{confirm}</Button>
        </Group>
      </Modal>
    </>
  );
}
