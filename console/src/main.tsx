import '@mantine/core/styles.css';
import './style.css';
import {
  createTheme,
  Menu,
  type MantineColorScheme,
  type MantineColorSchemeManager,
  MantineProvider,
} from '@mantine/core';
import { RouterProvider } from '@tanstack/react-router';
import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { router } from './router';

const theme = createTheme({
  respectReducedMotion: true,
  // On a narrow screen, going through a menu can scroll its button out of sight; the menu would go, and the focus with it
  components: { Menu: Menu.extend({ defaultProps: { hideDetached: false } }) },
});

/** The colours are those of the system; nothing is kept in this browser. */
const asTheSystem: MantineColorSchemeManager = {
  get: (fallback: MantineColorScheme) => fallback,
  set: () => undefined,
  subscribe: () => undefined,
  unsubscribe: () => undefined,
  clear: () => undefined,
};

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    {/* Mantine's variables come from its style sheet: a style element would be refused by the Content-Security-Policy */}
    <MantineProvider
      theme={theme}
      defaultColorScheme="auto"
      colorSchemeManager={asTheSystem}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <RouterProvider router={router} />
    </MantineProvider>
  </StrictMode>,
);
