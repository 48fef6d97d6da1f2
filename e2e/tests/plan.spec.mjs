// A plan goes in as it was issued, is reviewed, approved by a second person, and its tasks stand on the board.
import { resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { accessible, fits, picture, signIn } from "./kit.mjs";

const PLAN = resolve(import.meta.dirname, "../../content/demo/plans/bac-ninh.docx");

test("upload, review, approval by a second person, board", async ({ browser }) => {
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
  await author.setViewportSize({ width: 360, height: 800 });
  await fits(author);
  await author.setViewportSize({ width: 1440, height: 900 });
  await author.goto(`${base}/plans/${plan}`);
  await author.getByRole("button", { name: "Trình duyệt" }).click();
  await expect(author.getByRole("button", { name: "Duyệt và giao việc" })).toHaveCount(0);

  const second = await (await browser.newContext()).newPage();
  await signIn(second, base, "thinh.nd");
  await second.goto(`${base}/plans/${plan}`);
  await second.getByRole("button", { name: "Duyệt và giao việc" }).click();
  await second.getByRole("dialog").getByRole("button", { name: "Duyệt và giao việc" }).click();
  await expect(second.getByRole("button", { name: "Duyệt và giao việc" })).toHaveCount(0);
  await second.goto(`${base}/tasks?plan=${plan}`);
  await expect(second.locator("main table tbody tr").first()).toBeVisible();
  await accessible(second);
  await picture(second, "board");
});
