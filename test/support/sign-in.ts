import type { Page } from 'playwright-core';
import { admin } from './parley.js';

/** On a page that asks for it. What comes then is for the caller to wait for. */
export async function signIn(page: Page): Promise<void> {
  await page.getByLabel('Email').fill(admin.email);
  await page.getByLabel('Password').first().fill(admin.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
