/** Mantine's theme for Parley: one green, warm greys, quiet shapes. Page colours live in tokens.css. */
import { createTheme, type CSSVariablesResolver, type MantineColorsTuple } from '@mantine/core';

const pine: MantineColorsTuple = [
  '#eef6f2', '#dcece5', '#b7d9cb', '#8ac5b0', '#66b499', '#46a083', '#2b8a6c', '#1c7258', '#165a47', '#0e4436',
];

const dark: MantineColorsTuple = [
  '#eceeec', '#c9cecb', '#a6afaa', '#828b86', '#4a524e', '#343b37', '#272d2a', '#1b1f1d', '#141716', '#0e100f',
];

export const theme = createTheme({
  primaryColor: 'pine',
  primaryShade: { light: 8, dark: 7 },
  colors: { pine, dark },
  fontFamily: "'Geist Variable', system-ui, -apple-system, 'Segoe UI', Roboto, sans-serif",
  fontFamilyMonospace: "ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', monospace",
  fontWeights: { medium: '500', bold: '600' },
  headings: { fontWeight: '600' },
  defaultRadius: 'md',
  radius: { md: '9px', lg: '14px' },
  cursorType: 'pointer',
  respectReducedMotion: true,
});

/** Points Mantine's own colour variables at our tokens, so that both speak of the same paper and ink. */
export const cssVariables: CSSVariablesResolver = () => {
  const tokens = {
    '--mantine-color-body': 'var(--canvas)',
    '--mantine-color-text': 'var(--ink)',
    '--mantine-color-dimmed': 'var(--ink-soft)',
    '--mantine-color-placeholder': 'var(--ink-soft)',
    '--mantine-color-default': 'var(--paper)',
    '--mantine-color-default-color': 'var(--ink)',
    '--mantine-color-default-hover': 'var(--wash)',
    '--mantine-color-default-border': 'var(--edge)',
    '--mantine-color-anchor': 'var(--accent)',
    '--mantine-color-error': 'var(--bad)',
  };
  return { variables: {}, light: tokens, dark: tokens };
};
