// A new centre: the wizard, the first sign-in.
import { expect, test } from "@playwright/test";
import { accessible, picture, signIn } from "./kit.mjs";

test("the first run asks for the province and the administrator, then lets them in", async ({ page }) => {
  const base = process.env.KHIEN_EMPTY;
  await page.goto(base);
  await expect(page).toHaveURL(`${base}/setup`);
  await accessible(page);
  await picture(page, "setup");
  await page.locator("#f-province").selectOption("24");
  await expect(page.locator("#f-commune")).toBeVisible();
  await page.locator("#f-name").fill("Nguyễn Quản Trị");
  await page.locator("#f-username").fill("quantri");
  await page.locator("#f-password").fill("ngắn");
  await page.locator("#f-again").fill("ngắn");
  await page.getByRole("button", { name: "Tạo trung tâm" }).click();
  await expect(page.getByRole("alert").first()).toContainText("14");
  await page.locator("#f-password").fill("bảy con trâu gặm cỏ");
  await page.locator("#f-again").fill("bảy con trâu gặm cỏ");
  await page.getByRole("button", { name: "Tạo trung tâm" }).click();
  await expect(page).toHaveURL(`${base}/sign-in`);
  await accessible(page);
  await signIn(page, base, "quantri", "bảy con trâu gặm cỏ");
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tổng quan");
  await accessible(page);
  await picture(page, "overview-empty");
  await page.goto(`${base}/setup`);
  await expect(page.getByText("Không có trang")).toBeVisible();
});

test("a wrong password says so and lets nobody in", async ({ page }) => {
  const base = process.env.KHIEN_DEMO;
  await page.goto(`${base}/incidents`);
  await expect(page).toHaveURL(/sign-in\?next=/);
  await page.locator("#f-username").fill("nhung.vh");
  await page.locator("#f-password").fill("sai rồi");
  await page.getByRole("button", { name: "Đăng nhập" }).click();
  await expect(page.getByText("không đúng")).toBeVisible();
});
