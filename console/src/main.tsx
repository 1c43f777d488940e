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
  // On a narrow screen, arrow keys can scroll a menu's button out of view. The menu would close and lose the focus.
  components: { Menu: Menu.extend({ defaultProps: { hideDetached: false } }) },
});

/** Follows the color scheme of the system and stores nothing in the browser. */
const systemColorScheme: MantineColorSchemeManager = {
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
      colorSchemeManager={systemColorScheme}
      withCssVariables={false}
      withGlobalClasses={false}
    >
      <RouterProvider router={router} />
    </MantineProvider>
  </StrictMode>,
);
