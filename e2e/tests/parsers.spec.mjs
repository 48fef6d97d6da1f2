// An own parser is written with a pasted line, seen working while one types, saved, and switched off.
import { expect, test } from "@playwright/test";
import { accessible, fits, picture, signIn } from "./kit.mjs";

const LINE = "<13>Oct  1 09:00:00 kho1 cuakho: QUET the=78 cua=B3 tu 203.0.113.9";
const PARSER = `- name: cua-kho-thu
  programs: [cuakho]
  log: {product: cuakho}
  patterns:
    - name: quet-the
      regex: '^QUET the=(?<the>\\d+) cua=(?<cua>\\S+) tu (?<src_ip>\\S+)$'
      hot: {class: 3002, severity: 1, columns: {user: the, src_ip: src_ip}}
  samples:
    - line: '${LINE}'
      pattern: quet-the
      fields: {the: '78', cua: B3}
      hot: {user: '78'}
      log: {product: cuakho}
`;

test("an own parser, tried while it is written", async ({ page }) => {
  const base = process.env.KHIEN_DEMO;
  await signIn(page, base, "thinh.nd");
  await page.goto(`${base}/parsers`);
  await accessible(page);
  await picture(page, "parsers");
  await page.getByRole("link", { name: "Viết bộ đọc" }).first().click();
  const tried = page.locator("#tried");
  await page.locator("#f-lines").fill(LINE);
  // What is wrong is said with its line, while one types.
  await page.locator("#f-yaml").fill(PARSER.replace("(?<the>", "(?<the"));
  await expect(tried).toContainText("Có lỗi");
  await picture(page, "parser-faulty");
  await page.locator("#f-yaml").fill(PARSER);
  await expect(tried).toContainText("Đọc được");
  await expect(tried).toContainText("1 dòng mẫu đúng");
  await expect(tried).toContainText("203.0.113.9");
  await accessible(page);
  await picture(page, "parser-tried");
  await page.locator("#f-note").fill("Cửa kho thử");
  await page.getByRole("button", { name: "Lưu và đưa vào sử dụng" }).click();
  await page.waitForURL(/\/parsers\/[0-9a-f-]{36}$/);
  await expect(page.getByText("Đang dùng", { exact: true })).toBeVisible();
  await expect(page.getByText("Cửa kho thử")).toBeVisible();
  await accessible(page);
  await picture(page, "parser");
  const one = page.url();
  await page.setViewportSize({ width: 360, height: 800 });
  for (const path of [`${base}/parsers`, one, `${one}/edit`]) {
    await page.goto(path);
    await fits(page);
  }
});
