// A release of rules comes in, one of them is switched off, a rule of our own is approved by a second person and fires.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { expect, test } from "@playwright/test";
import { khien } from "../servers.mjs";
import { accessible, fits, picture, signIn } from "./kit.mjs";

// A .tar.gz of these texts (POSIX ustar: one block of 512 bytes for the head of each file).
function packed(files) {
  const blocks = Object.entries(files).flatMap(([name, text]) => {
    const body = Buffer.from(text);
    const head = Buffer.alloc(512);
    const put = (at, value) => head.write(value, at, "latin1");
    put(0, name);
    put(100, "0000644\0");
    put(124, `${body.length.toString(8).padStart(11, "0")}\0`);
    put(148, "        ");
    put(156, "0");
    put(257, "ustar\u000000");
    put(148, `${head.reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0")}\0 `);
    return [head, body, Buffer.alloc((512 - (body.length % 512)) % 512)];
  });
  return gzipSync(Buffer.concat([...blocks, Buffer.alloc(1024)]));
}

const rule = (n, title, level, word) => `title: ${title}
id: 00000000-0000-4000-8000-00000000000${n}
status: test
level: ${level}
logsource:
    product: windows
    service: security
detection:
    sel:
        EventID: 4999
        SubjectUserName|contains: ${word}
    condition: sel
tags:
    - attack.credential-access
    - attack.t1110
`;

// A page at both widths and without barriers.
async function look(page, name) {
  await accessible(page);
  await picture(page, name);
  const size = page.viewportSize();
  await page.setViewportSize({ width: 360, height: 800 });
  await fits(page);
  await picture(page, `${name}-360`);
  await page.setViewportSize(size);
}

test("import, switch off, own rule, second person, alert", async ({ browser }) => {
  test.setTimeout(180_000);
  const base = process.env.KHIEN_DEMO;
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, base, "nhung.vh");

  // Preview: nothing is in force.
  await page.goto(`${base}/rules/import`);
  await look(page, "rules-imports");
  const files = { "rules/a.yml": rule(1, "Luật mẫu một", "high", "alpha"), "rules/b.yml": rule(2, "Luật mẫu hai", "low", "beta"), "rules/c.yml": "title: [" };
  await page.locator("input[type=file]").setInputFiles({ name: "mau.tar.gz", mimeType: "application/gzip", buffer: packed(files) });
  await page.locator("#f-name").fill("mau");
  await page.getByRole("button", { name: "Đọc và xem trước" }).first().click();
  await page.waitForURL(/\/rules\/import\/[0-9a-f-]{36}/);
  await expect(page.getByText("Chưa có gì thay đổi")).toBeVisible();
  await expect(page.getByText("2 luật mới và luật thay đổi sẽ được dùng.")).toBeVisible();
  await page.getByText("Xem nội dung").first().click();
  await expect(page.locator(".diff-k").getByText("+ title: Luật mẫu một")).toBeVisible();
  await look(page, "rules-preview");
  await page.getByRole("link", { name: /^Có lỗi/ }).click();
  await expect(page.getByText("YAML sai").first()).toBeVisible();
  await page.getByRole("button", { name: "Đưa vào dùng" }).click();
  await expect(page.getByText("Đã đưa vào dùng")).toBeVisible();

  // One of them is switched off, and is found by that.
  await page.goto(`${base}/rules?source=mau`);
  await expect(page.getByRole("link", { name: "Luật mẫu một" })).toBeVisible();
  await look(page, "rules-list");
  await page.getByRole("checkbox", { name: /Luật mẫu hai/ }).check();
  await page.locator("#f-reason").fill("Không dùng hệ thống này");
  // The page that the answer leads to, whole: going elsewhere before would cut it off.
  const switched = page.waitForEvent("load");
  await page.getByRole("button", { name: "Tắt", exact: true }).click();
  await switched;
  await page.goto(`${base}/rules?state=off`);
  await page.getByRole("link", { name: "Luật mẫu hai" }).click();
  await expect(page.getByText("Không dùng hệ thống này").first()).toBeVisible();
  await look(page, "rules-off");

  // A rule of our own: what is wrong is told beside it while it is typed.
  await page.goto(`${base}/rules/new`);
  const own = rule(3, "Tài khoản lạ của kho in", "critical", "kho-in").replace(/^id:.*\n/m, "");
  await page.locator("#f-yaml").fill(own.replace("condition: sel", "condition: gone"));
  await expect(page.locator("#check").getByText(/dòng 11, cột/)).toBeVisible();
  await look(page, "rules-editor-fault");
  await page.locator("#f-yaml").fill(own);
  await expect(page.locator("#check").getByText("Không có lỗi")).toBeVisible();
  const event = { Channel: "Security", EventID: 4999, Computer: "may-in-07", SubjectUserName: "kho-in", TimeCreated: new Date().toISOString() };
  await page.locator("#f-event").fill(JSON.stringify(event));
  await page.locator("#f-event").locator("xpath=ancestor::section").getByRole("button", { name: "Thử" }).click();
  await expect(page.locator("#check").getByText("Luật khớp sự kiện này")).toBeVisible();
  await page.getByRole("button", { name: "Lưu bản nháp" }).click();
  await page.waitForURL(/\/rules\/versions\/[0-9a-f-]{36}$/);
  const version = new URL(page.url()).pathname;
  await page.getByRole("button", { name: "Trình phê duyệt" }).click();
  await expect(page.getByText("Đang chờ người khác phê duyệt")).toBeVisible();
  await expect(page.getByRole("button", { name: "Phê duyệt", exact: true })).toHaveCount(0);

  const second = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(second, base, "long.hb");
  await second.goto(`${base}/rules/versions?state=review`);
  await look(second, "rules-reviews");
  await second.goto(`${base}${version}`);
  await look(second, "rules-version");
  await second.locator("#f-note").fill("Đã xem");
  await second.getByRole("button", { name: "Phê duyệt", exact: true }).click();
  await expect(second.getByText("Đang dùng").first()).toBeVisible();

  // The event comes, and the rule fires.
  const log = join(process.env.KHIEN_DEMO_DATA, "own-rule.ndjson");
  writeFileSync(log, `${JSON.stringify(event)}\n`);
  execFileSync(khien, ["ingest", log, "--source", process.env.KHIEN_DEMO_SOURCE, "--format", "ndjson", "--data", process.env.KHIEN_DEMO_DATA]);
  await page.goto(`${base}/alerts?state=all&q=may-in-07`);
  await page.locator("tr", { hasText: "Tài khoản lạ của kho in" }).getByRole("link").first().click();

  // From the alert to a filter, and what it would have quieted.
  await page.getByRole("link", { name: "Loại trừ" }).click();
  await page.locator("#f-reason").fill("Máy in của kho");
  await page.getByRole("button", { name: "Xem trước" }).click();
  await expect(page.locator("#foreseen").getByText("1/1 cảnh báo sẽ không xuất hiện.")).toBeVisible();
  await look(page, "rules-filter");

  // Tried on stored days, and the matrix.
  await page.goto(`${base}/rules/trials?version=${version.split("/").pop()}`);
  await look(page, "rules-trial-form");
  await page.getByRole("button", { name: "Săn tìm", exact: true }).click();
  await page.waitForURL(/\/rules\/trials\/[0-9a-f-]{36}$/);
  await expect(page.locator("#trial").getByText("Xong")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText("may-in-07").first()).toBeVisible();
  await look(page, "rules-trial");
  await page.goto(`${base}/rules/coverage`);
  await look(page, "rules-matrix");
  await page.goto(`${base}/rules`);
  await look(page, "rules-all");
  await page.goto(`${base}/language?to=en&next=/rules`);
  await expect(page.getByRole("heading", { level: 1, name: "Detection rules" })).toBeVisible();
  await look(page, "rules-all-en");
});
