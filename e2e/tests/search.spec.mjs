// Searching events: bar with proposals, histogram that is dragged over, counts, columns, pivot, personal data, saving, a file.
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { khien } from "../servers.mjs";
import { accessible, drag, exported, fits, picture, signIn, total } from "./kit.mjs";

const base = () => process.env.KHIEN_DEMO;

test.describe.serial("search", () => {
  test.beforeAll(() => {
    const now = Date.now();
    const event = (n) => ({
      Channel: "Security", EventID: 4625, Computer: n % 2 ? "may-tim-01" : "may-tim-02", TargetUserName: "ngoc.lt", IpAddress: "203.0.113.77",
      TimeCreated: new Date(now - n * 20_000).toISOString(),
    });
    const log = join(process.env.KHIEN_DEMO_DATA, "search.ndjson");
    writeFileSync(log, Array.from({ length: 120 }, (_, n) => JSON.stringify(event(n))).join("\n"));
    execFileSync(khien, ["ingest", log, "--source", process.env.KHIEN_DEMO_SOURCE, "--format", "ndjson", "--data", process.env.KHIEN_DEMO_DATA]);
  });

  test("the bar proposes names and is used with the keys", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}/events?range=1h`);
    const bar = page.locator("#f-q");
    await bar.fill("");
    await bar.pressSequentially("hos");
    await expect(page.getByRole("option", { name: "host", exact: true })).toBeVisible();
    await bar.press("ArrowDown");
    await bar.press("Enter");
    await expect(bar).toHaveValue("host:");
    await bar.pressSequentially("may-tim-* -host:may-tim-02");
    await bar.press("Enter");
    await expect(page.locator(".folds tbody tr").first()).toContainText("may-tim-01");
    await expect(page.locator(".folds tbody")).not.toContainText("may-tim-02");
    await accessible(page);
    await picture(page, "search");
  });

  test("the histogram narrows by dragging, and by a link for the keyboard", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    const all = await total(page);
    expect(all).toBe(120);
    await drag(page, 0.75, 0.85);
    const some = await total(page);
    expect(some).toBeGreaterThan(0);
    expect(some).toBeLessThan(all);
    await expect(page.locator("#f-q")).toHaveValue("may-tim");
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    await page.locator(".chart-data summary").click();
    await page.locator(".chart-data a").last().click();
    await page.waitForURL(/from=/);
    expect(await total(page)).toBeLessThan(all);
  });

  test("counts, columns, one event, and who else has seen a value", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    await page.locator("details.count-k", { hasText: "Máy" }).first().locator("summary").click();
    await expect(page.locator(".values-k").first()).toContainText("may-tim-01");
    await accessible(page);
    await picture(page, "search-counts");
    await page.getByRole("link", { name: "Bỏ may-tim-02" }).click();
    await page.waitForURL(/may-tim-02/);
    expect(await total(page)).toBe(60);
    await page.goto(`${base()}/events?range=1h&q=may-tim&cols=host,TargetUserName,src_ip`);
    await expect(page.locator(".folds thead")).toContainText("TargetUserName");
    await expect(page.locator(".folds tbody")).toContainText("n•••");
    await expect(page.locator(".folds tbody")).not.toContainText("ngoc.lt");
    // The right to see is not enough: one asks for it, and it is written down.
    await page.getByRole("link", { name: "Hiện dữ liệu cá nhân" }).click();
    await page.getByRole("button", { name: "Đồng ý" }).click();
    await page.waitForURL(/personal=1/);
    await expect(page.locator(".folds tbody")).toContainText("ngoc.lt");
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    await page.locator(".folds tbody tr").first().getByRole("link").first().click();
    await expect(page.getByText("device.hostname")).toBeVisible();
    await expect(page.getByRole("link", { name: "Quanh thời điểm này, cùng máy" })).toBeVisible();
    await accessible(page);
    await picture(page, "search-event");
    await page.getByRole("link", { name: "Ai đã thấy giá trị này của src_endpoint.ip" }).click();
    await expect(page.getByText("203.0.113.77").first()).toBeVisible();
    await expect(page.getByText("Hệ thống đã thấy")).toBeVisible();
    await accessible(page);
    await picture(page, "search-pivot");
  });

  test("a search is saved, and a file is taken away", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    await page.getByRole("button", { name: "Lưu tìm kiếm" }).click();
    await page.locator("#f-name").fill("Máy thử tìm");
    await page.locator("#f-every").selectOption("60");
    await accessible(page);
    await page.getByRole("button", { name: "Lưu", exact: true }).click();
    await page.waitForURL(/\/searches$/);
    await expect(page.getByRole("link", { name: "Máy thử tìm", exact: true })).toBeVisible();
    await accessible(page);
    await picture(page, "searches");
    await page.getByRole("link", { name: "Máy thử tìm", exact: true }).click();
    await expect(page.locator("#f-q")).toHaveValue("may-tim");

    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    const lines = await exported(page);
    await picture(page, "export");
    expect(lines.length).toBe(120);
    expect(lines.join("")).not.toContain("ngoc.lt");
  });

  test("the pages fit a telephone", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.setViewportSize({ width: 360, height: 800 });
    for (const path of ["/events?range=1h&q=may-tim", "/events/sql", "/searches", "/searches/new?q=x", "/exports", "/exports/new?q=may-tim", "/events/pivot?name=src_ip&value=203.0.113.77", "/hunts"]) {
      await page.goto(`${base()}${path}`);
      await fits(page);
    }
    await page.goto(`${base()}/events?range=1h&q=may-tim`);
    await picture(page, "search-phone");
  });

  test("a hunt over stored days finds what a rule would have found", async ({ page }) => {
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}/hunts`);
    await accessible(page);
    await page.locator("#f-yaml").fill(["title: Đăng nhập sai ở máy thử", "logsource:", "    product: windows", "    service: security", "detection:", "    sel:", "        EventID: 4625", "        Computer|startswith: may-tim-", "    condition: sel", ""].join("\n"));
    await page.locator("form[action='/rules/trials'] button[type=submit]").click();
    await page.waitForURL(/\/rules\/trials\/[0-9a-f-]{36}/);
    await expect(page.getByText("Xong", { exact: true })).toBeVisible();
    await expect(page.locator(".stat", { hasText: "Số lần khớp" })).toContainText("120");
    await accessible(page);
    await picture(page, "hunt");
  });
});
