// What the walks share: signing in, looking for barriers, keeping a picture.
import { readFileSync } from "node:fs";
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

// The last number under a list: how many there are in all.
export const total = async (page) => Number((await page.locator(".pager > span").first().textContent()).match(/\d[\d.]*/g).at(-1).replaceAll(".", ""));

// Drags over a part of the histogram, from and to in parts of its width.
export async function drag(page, from, to) {
  await expect(page.locator("[data-chart][data-drawn]")).toBeVisible();
  const at = await page.locator(".chart-box").boundingBox();
  await page.mouse.move(at.x + at.width * from, at.y + at.height / 2);
  await page.mouse.down();
  await page.mouse.move(at.x + at.width * to, at.y + at.height / 2, { steps: 5 });
  await page.mouse.up();
  await page.waitForURL(/from=/);
}

// Has what is on the page made into a file of lines, and reads it.
export async function exported(page) {
  await page.getByRole("button", { name: "Xuất ra tệp" }).click();
  await page.getByLabel("NDJSON").check();
  await accessible(page);
  await page.getByRole("button", { name: "Bắt đầu xuất" }).click();
  await page.waitForURL(/\/exports\/[0-9a-f-]{36}/);
  const link = page.getByRole("link", { name: "Tải về" });
  await expect(link).toBeVisible();
  await accessible(page);
  const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
  return readFileSync(await download.path(), "utf8").trim().split("\n");
}

export async function picture(page, name) {
  if (process.env.KHIEN_SHOTS) await page.screenshot({ path: `${process.env.KHIEN_SHOTS}/${name}.png`, fullPage: true });
}
