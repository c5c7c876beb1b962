import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { restoreSession } from './api/session.js';
import { App } from './app.js';
import { keepPages } from './offline/updates.js';
import './styles/index.css';

void restoreSession();
keepPages();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
