// The leader's page, wide and narrow, in both languages.
import { expect, test } from "@playwright/test";
import { accessible, fits, picture, signIn } from "./kit.mjs";

for (const [name, width] of [["wide", 1440], ["narrow", 360]]) {
  test(`the leader's page at ${width} px`, async ({ page }) => {
    await page.setViewportSize({ width, height: 900 });
    const faults = [];
    page.on("pageerror", (error) => faults.push(error.message));
    page.on("console", (message) => message.type() === "error" && faults.push(message.text()));
    await signIn(page, process.env.KHIEN_DEMO, "hien.tq");
    await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tổng quan");
    await expect(page.getByText("Hệ thống đã kết nối giám sát tập trung").first()).toBeVisible();
    await expect(page.getByRole("link", { name: /Mã độc tống tiền/ })).toBeVisible();
    await page.locator(".map-box").scrollIntoViewIfNeeded();
    await expect(page.locator(".map-dot").first()).toBeAttached();
    await expect(page.locator("[data-chart] svg").first()).toBeAttached();
    await fits(page);
    await accessible(page);
    await picture(page, `overview-${name}`);
    expect(faults).toEqual([]);
  });
}

test("every page of the navigation opens in both languages without a fault", async ({ page }) => {
  test.setTimeout(180_000);
  const base = process.env.KHIEN_DEMO;
  await signIn(page, base, "thinh.nd");
  const faults = [];
  page.on("pageerror", (error) => faults.push(error.message));
  for (const lang of ["vi", "en"]) {
    await page.goto(`${base}/language?to=${lang}&next=/`);
    const paths = await page.locator("nav a.item").evaluateAll((links) => links.map((a) => a.getAttribute("href")));
    expect(paths.length).toBeGreaterThan(10);
    for (const path of paths) {
      const answer = await page.goto(base + path);
      expect(answer.status(), path).toBe(200);
      await accessible(page);
      await page.setViewportSize({ width: 360, height: 800 });
      await fits(page);
      await page.setViewportSize({ width: 1280, height: 800 });
      await picture(page, `${lang}${path.replaceAll("/", "-")}`);
    }
  }
  expect(faults).toEqual([]);
});
