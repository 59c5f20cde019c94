/** Draws attention to talks that wait: the page's title, the app's badge, and a sound for whoever wants one. */
import { useDocumentTitle, useLocalStorage } from '@mantine/hooks';
import { useEffect, useRef } from 'react';

const KEPT_AS = 'parley.inbox.sound';

export function useSoundWish() {
  return useLocalStorage({ key: KEPT_AS, defaultValue: false });
}

export function useAlerts(title: string, waiting: number, withSound: boolean): void {
  const known = useRef<number | null>(null);
  useDocumentTitle(`${waiting > 0 ? `(${waiting}) ` : ''}${title} · Parley`);
  useEffect(() => {
    const before = known.current;
    known.current = waiting;
    void navigator.setAppBadge?.(waiting).catch(() => undefined);
    if (withSound && before !== null && waiting > before) playTone();
  }, [waiting, withSound]);
}

/** A short, quiet tone, made here: there is no file to load. */
function playTone(): void {
  const audio = new AudioContext();
  const tone = audio.createOscillator();
  const volume = audio.createGain();
  tone.frequency.value = 660;
  volume.gain.setValueAtTime(0.08, audio.currentTime);
  volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + 0.35);
  tone.connect(volume).connect(audio.destination);
  tone.start();
  tone.stop(audio.currentTime + 0.35);
  tone.onended = () => void audio.close();
}
