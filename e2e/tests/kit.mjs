// What the walks share: signing in, looking for barriers, keeping a picture.
import AxeBuilder from "@axe-core/playwright";
import { expect } from "@playwright/test";

export const PASSWORD = "trình diễn Khiên 2026";

export async function signIn(page, base, name, password = PASSWORD) {
  await page.goto(`${base}/sign-in`);
  await page.locator("#f-username").fill(name);
  await page.locator("#f-password").fill(password);
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await page.waitForURL((url) => !url.pathname.startsWith("/sign-in"));
}

// No serious barrier for people who see, hear or move differently (axe-core, WCAG 2.1 AA).
export async function accessible(page) {
  const found = await new AxeBuilder({ page }).withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]).analyze();
  const serious = found.violations.filter((v) => ["serious", "critical"].includes(v.impact));
  expect(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.target).join(" | ")}`)).toEqual([]);
}

// Nothing sticks out to the side on a telephone.
export async function fits(page) {
  const [wide, screen] = await page.evaluate(() => [document.documentElement.scrollWidth, innerWidth]);
  expect(wide).toBeLessThanOrEqual(screen + 1);
}

export async function picture(page, name) {
  if (process.env.KHIEN_SHOTS) await page.screenshot({ path: `${process.env.KHIEN_SHOTS}/${name}.png`, fullPage: true });
}
