// An alert arrives on an open page, an incident is opened from it, its report is downloaded.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { khien } from "../servers.mjs";
import { accessible, fits, picture, signIn } from "./kit.mjs";

test("alert, incident, report", async ({ page }) => {
  test.setTimeout(90_000);
  const base = process.env.KHIEN_DEMO;
  await signIn(page, base, "nhung.vh");
  await page.goto(`${base}/alerts`);
  await expect(page.getByText("may-moi-01")).toHaveCount(0);
  const log = join(process.env.KHIEN_DEMO_DATA, "event.ndjson");
  const event = { Channel: "Security", EventID: 1102, Computer: "may-moi-01", SubjectUserName: "quantri", TimeCreated: new Date().toISOString() };
  writeFileSync(log, `${JSON.stringify(event)}\n`);
  const source = process.env.KHIEN_DEMO_SOURCE;
  execFileSync(khien, ["ingest", log, "--source", source, "--format", "ndjson", "--data", process.env.KHIEN_DEMO_DATA]);
  // Nobody reloads the page: the row comes by itself.
  await expect(page.getByText("may-moi-01").first()).toBeVisible();
  await picture(page, "alert-arrived");

  await page.locator("tr", { hasText: "may-moi-01" }).getByRole("link").first().click();
  await expect(page.getByText("1102").first()).toBeVisible();
  await accessible(page);
  await page.locator("form[action='/incidents']").getByRole("button", { name: "Mở sự cố" }).click();
  await page.waitForURL(/\/incidents\/[0-9a-f-]{36}/);
  await expect(page.getByText(/SC-2\d{3}-\d{4}/).first()).toBeVisible();
  await accessible(page);
  await picture(page, "incident");
  const incident = new URL(page.url()).pathname;
  await page.setViewportSize({ width: 360, height: 800 });
  await fits(page);
  await page.setViewportSize({ width: 1440, height: 900 });

  await page.goto(`${base}${incident}/reports/BM-SC-02`);
  await accessible(page);
  await picture(page, "report-form");
  for (const [format, head] of [["docx", "PK"], ["pdf", "%PDF"]]) {
    const button = page.locator(`form button[value=${format}]`);
    const [download] = await Promise.all([page.waitForEvent("download"), button.click()]);
    const file = await download.path();
    expect(readFileSync(file).subarray(0, head.length).toString()).toBe(head);
  }
});
