import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { api } from './api/session.js';
import { App } from './app.js';
import './styles/index.css';

void api.restore();
createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <App />
  </StrictMode>,
);
