/** Starts the admin pages. Nothing but wiring belongs here. */
import '@fontsource-variable/geist/wght.css';
import '@mantine/core/styles.css';
import './look/tokens.css';
import { MantineProvider } from '@mantine/core';
import { QueryClientProvider } from '@tanstack/react-query';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { RouterProvider } from 'react-router';
import { reloadForNewBuild } from './app/newBuild';
import { createQueryClient } from './app/queryClient';
import { router } from './app/routes';
import { styleNonce } from './app/styleNonce';
import { startWords } from './i18n/i18n';
import { cssVariables, theme } from './look/theme';

const root = document.getElementById('root');
if (!root) throw new Error('index.html has no #root');

reloadForNewBuild(router);
await startWords();

createRoot(root).render(
  <StrictMode>
    <MantineProvider theme={theme} cssVariablesResolver={cssVariables} getStyleNonce={() => styleNonce} defaultColorScheme="auto">
      <QueryClientProvider client={createQueryClient()}>
        <RouterProvider router={router} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
);
