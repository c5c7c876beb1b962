import type { Page } from 'playwright-core';

/** Chooses in the composer what answers next. */
export async function chooseModel(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name: /^Model:/ }).click();
  await page.getByRole('menuitemradio', { name }).first().click();
}

/** The same of the adapter on top of it. */
export async function chooseAdapter(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name: /^Adapter:/ }).click();
  await page.getByRole('menuitemradio', { name }).first().click();
}
