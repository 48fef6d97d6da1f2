// The store of events: how much of whom, what would be deleted, and what is held for an incident.
import { expect, test } from "@playwright/test";
import { accessible, fits, picture, signIn } from "./kit.mjs";

test("the store, its terms, and a hold that is set and lifted", async ({ page }) => {
  const base = process.env.KHIEN_DEMO;
  await signIn(page, base, "thinh.nd");
  await page.goto(`${base}/depot`);
  await expect(page.locator(".folds tbody tr").first()).toBeVisible();
  await accessible(page);
  await picture(page, "depot");
  await page.getByRole("link", { name: "Thời hạn lưu" }).first().click();
  await page.waitForURL(/\/depot\/retention/);
  await accessible(page);
  await picture(page, "depot-retention");
  // A term is looked at before it is decided.
  await page.locator("#f-least_months").fill("36");
  await page.getByRole("button", { name: "Xem trước" }).click();
  await page.waitForURL(/least_months=36/);

  await page.goto(`${base}/depot/holds`);
  await page.locator("#f-system").selectOption({ index: 1 });
  await page.locator("#f-reason").fill("Điều tra vụ dò mật khẩu");
  await page.getByRole("button", { name: "Giữ", exact: true }).click();
  const row = page.locator(".folds tbody tr", { hasText: "Điều tra vụ dò mật khẩu" });
  await expect(row).toContainText("Đang giữ");
  await accessible(page);
  await picture(page, "depot-holds");
  await row.locator("summary").click();
  await row.getByLabel("Lý do thôi giữ").fill("Đã xong điều tra");
  await row.getByRole("button", { name: "Thôi giữ" }).click();
  await expect(row).toContainText("Đã thôi giữ");
  await page.setViewportSize({ width: 360, height: 800 });
  for (const path of ["/depot", "/depot/retention", "/depot/holds"]) {
    await page.goto(`${base}${path}`);
    await fits(page);
  }
});
