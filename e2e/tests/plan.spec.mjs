// A plan goes in as it was issued, is reviewed, approved by a second person, and its tasks stand on the board.
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { accessible, fits, picture, signIn } from "./kit.mjs";

const PLAN = resolve(import.meta.dirname, "../../content/demo/plans/bac-ninh.docx");

test("upload, review, approval by a second person, board", async ({ browser }) => {
  test.setTimeout(120_000);
  const base = process.env.KHIEN_DEMO;
  const author = await (await browser.newContext()).newPage();
  await signIn(author, base, "huong.tt");
  await author.goto(`${base}/plans/new`);
  await accessible(author);
  await author.locator("input[type=file]").setInputFiles(PLAN);
  await author.locator("#f-unit").selectOption({ label: "Tỉnh Bắc Ninh" });
  await author.getByRole("button", { name: "Đọc" }).click();
  await author.waitForURL(/\/plans\/[0-9a-f-]{36}/);
  const plan = new URL(author.url()).pathname.split("/")[2];
  await author.goto(`${base}/plans/${plan}/review`);
  await expect(author.getByText("20 chuyên gia an ninh mạng chuyên sâu").first()).toBeVisible();
  await expect(author.getByText("Kiện toàn tiểu ban An ninh mạng").first()).toBeVisible();
  await accessible(author);
  await picture(author, "review");
  // A cell saves itself: no button, the focus stays, and after loading again it is there.
  const item = author.locator("#tasks article").first();
  await item.locator("summary").click();
  const cell = item.locator("textarea[name=text]");
  await cell.press("Control+End");
  await cell.pressSequentially(" Gõ đến đâu giữ đến đó.");
  await expect(item.locator("[data-saved]")).toHaveText(/^Đã lưu \d\d:\d\d$/);
  await expect(cell).toBeFocused();
  // The next change goes on from what was kept; a fault is said in place and loses nothing.
  await item.locator("select[name=due_kind]").selectOption("by");
  await item.locator("input[name=due_to]").fill("");
  await expect(item.locator(".invalid-feedback")).toBeVisible();
  await expect(item.locator("[data-saved]")).toHaveText(/^Chưa lưu/);
  await expect(cell).toHaveValue(/Gõ đến đâu giữ đến đó\.$/);
  await picture(author, "review-fault");
  await item.locator("input[name=due_to]").fill("2026-12-31");
  await expect(item.locator("[data-saved]")).toHaveText(/^Đã lưu/);
  await expect(item.locator(".invalid-feedback")).toHaveCount(0);
  await picture(author, "review-saved");
  // Shut, the item tells what was kept.
  await item.locator("summary").click();
  await expect(item.locator(".shown")).toContainText("31/12/2026");
  await author.reload();
  await expect(author.locator("#tasks article").first().locator("textarea[name=text]")).toHaveValue(/Gõ đến đâu giữ đến đó\.$/);
  // The button works beside it: no conflict with what saved itself.
  await item.locator("summary").click();
  await cell.fill("Kiện toàn tiểu ban An ninh mạng, viết lại.");
  await item.getByRole("button", { name: "Lưu" }).click();
  await expect(item.locator(".shown")).toContainText("viết lại");
  await author.setViewportSize({ width: 360, height: 800 });
  await fits(author);
  await author.setViewportSize({ width: 1440, height: 900 });
  await author.goto(`${base}/plans/${plan}`);
  await author.getByRole("button", { name: "Trình phê duyệt" }).click();
  await expect(author.getByRole("button", { name: "Phê duyệt và giao việc" })).toHaveCount(0);

  const second = await (await browser.newContext()).newPage();
  await signIn(second, base, "thinh.nd");
  await second.goto(`${base}/plans/${plan}`);
  await second.getByRole("button", { name: "Phê duyệt và giao việc" }).click();
  await second.getByRole("dialog").getByRole("button", { name: "Phê duyệt và giao việc" }).click();
  await expect(second.getByRole("button", { name: "Phê duyệt và giao việc" })).toHaveCount(0);
  await second.goto(`${base}/tasks?plan=${plan}`);
  await expect(second.locator("main table tbody tr").first()).toBeVisible();
  await accessible(second);
  await picture(second, "board");
});
