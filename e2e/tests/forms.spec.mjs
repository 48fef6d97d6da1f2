// A form that was refused keeps what was typed, says what is wrong where it is wrong, and takes the focus there.
import { expect, test } from "@playwright/test";
import { accessible, picture, signIn } from "./kit.mjs";

test.beforeEach(async ({ page }) => {
  await signIn(page, process.env.KHIEN_DEMO, "huong.tt");
});

test("a fault beside its field", async ({ page }) => {
  const base = process.env.KHIEN_DEMO;
  await page.goto(`${base}/sources/new`);
  await page.locator("#f-name").fill("Tường lửa kiểm thử");
  await page.locator("#f-system").selectOption({ index: 1 });
  await page.locator("input[name=kind][value=syslog]").check();
  const addresses = page.locator("#f-addresses");
  await addresses.fill("10.1.2.3.4");
  await page.getByRole("button", { name: "Thêm nguồn" }).click();
  await expect(addresses).toBeFocused();
  await expect(addresses).toHaveAttribute("aria-invalid", "true");
  await expect(page.locator("form .invalid-feedback")).toBeVisible();
  await expect(addresses).toHaveValue("10.1.2.3.4");
  await expect(page.locator("#f-name")).toHaveValue("Tường lửa kiểm thử");
  expect(new URL(page.url()).pathname).toBe("/sources/new");
  await accessible(page);
  await picture(page, "form-fault");
  await addresses.fill("10.88.1.0/24");
  await expect(page.locator("form .invalid-feedback")).toHaveCount(0);
  await page.getByRole("button", { name: "Thêm nguồn" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Tường lửa kiểm thử");
});

test("a file that cannot be read stays chosen", async ({ page }) => {
  await page.goto(`${process.env.KHIEN_DEMO}/plans/new`);
  const file = page.locator("input[type=file]");
  await file.setInputFiles({ name: "ke-hoach.xls", mimeType: "application/vnd.ms-excel", buffer: Buffer.from("x") });
  await page.getByRole("button", { name: "Đọc" }).click();
  await expect(page.locator("main form").getByText("Chỉ đọc được .docx")).toBeVisible();
  expect(await file.evaluate((node) => node.files.length)).toBe(1);
  await accessible(page);
});

test("an answer that is a page takes the place of the form, and keeps what was asked", async ({ page }) => {
  await page.goto(`${process.env.KHIEN_DEMO}/rules/try`);
  const event = page.locator("#f-event");
  await event.fill("{không phải JSON");
  await page.getByRole("button", { name: "Thử", exact: true }).click();
  await expect(page.locator("main form .fault, main form .invalid-feedback")).toBeVisible();
  await expect(event).toHaveValue("{không phải JSON");
  await event.fill('{"Channel": "Security", "EventID": 1102}');
  await page.getByRole("button", { name: "Thử", exact: true }).click();
  await expect(page.getByRole("heading", { name: "Kết quả" })).toBeVisible();
  await expect(event).toHaveValue(/1102/);
});

test("the session ends while somebody types: nothing is lost", async ({ page, context }) => {
  const base = process.env.KHIEN_DEMO;
  await page.goto(`${base}/units`);
  await page.goto(`${base}/sources/new`);
  await page.locator("#f-name").fill("Máy chủ gõ dở");
  await page.locator("#f-system").selectOption({ index: 1 });
  await page.locator("input[name=kind][value=ndjson]").check();
  await context.clearCookies();
  await page.getByRole("button", { name: "Thêm nguồn" }).click();
  await expect(page.getByText("Phiên đăng nhập đã hết")).toBeVisible();
  await expect(page.locator("#f-name")).toHaveValue("Máy chủ gõ dở");
  const other = await context.newPage();
  await signIn(other, base, "huong.tt");
  await other.close();
  const renewed = page.waitForResponse((answer) => answer.url().endsWith("/account"));
  await page.evaluate(() => dispatchEvent(new Event("focus")));
  await renewed;
  await page.getByRole("button", { name: "Thêm nguồn" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Máy chủ gõ dở");
});
