// A source is added, rsyslog sends with the settings that the page gives, and the events are seen, narrowed, followed,
// saved and taken away.
import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "@playwright/test";
import { accessible, drag, exported, fits, picture, signIn, total } from "./kit.mjs";

const base = () => process.env.KHIEN_DEMO;
const LINES = 60;

test.describe.serial("a source with rsyslog", () => {
  let folder, daemon, source;

  test.beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "khien-rsyslog-"));
  });
  test.afterAll(async () => {
    if (daemon && daemon.exitCode === null) {
      const gone = new Promise((done) => daemon.on("exit", done));
      daemon.kill("SIGTERM");
      await gone;
    }
    rmSync(folder, { recursive: true, force: true });
  });

  test("is added, and its events are seen arriving", async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, base(), "thinh.nd");
    await page.goto(`${base()}/sources`);
    await page.getByRole("link", { name: "Thêm nguồn" }).click();
    await accessible(page);
    await page.locator("#f-name").fill("Máy chủ cổng (rsyslog)");
    await page.locator("#f-system").selectOption({ index: 1 });
    await page.locator("input[name=kind][value=syslog]").check();
    await picture(page, "source-new");
    await page.getByRole("button", { name: "Thêm nguồn" }).click();
    await expect(page.getByText("Mã truy cập của nguồn").first()).toBeVisible();
    // The token is shown once, in the answer itself; the page has an address of its own.
    const events = await page.getByRole("link", { name: "Xem sự kiện" }).getAttribute("href");
    source = `/sources/${new URLSearchParams(events.split("?")[1]).get("source")}`;
    await accessible(page);
    await picture(page, "source-added");

    // The settings as an administrator copies them, below what reads this machine's log.
    const settings = await page.locator("#recipe-rsyslog-tcp").textContent();
    expect(settings).toContain('target="127.0.0.1" port="18514"');
    const log = join(folder, "auth.log");
    writeFileSync(log, "");
    const file = join(folder, "rsyslog.conf");
    writeFileSync(file, `global(workDirectory="${folder}")\nmodule(load="imfile")\ninput(type="imfile" file="${log}" tag="sshd:")\n${settings}`);
    execFileSync("rsyslogd", ["-N1", "-f", file], { stdio: "ignore" });
    daemon = spawn("rsyslogd", ["-n", "-f", file, "-i", join(folder, "pid")], { stdio: "ignore" });
    for (let n = 0; n < LINES; n++) appendFileSync(log, `Failed password for invalid user thu${n % 3} from 203.0.113.${n % 2 ? 61 : 62} port ${40000 + n} ssh2\n`);

    // Nobody reloads the page: the lines come by themselves.
    await expect(page.locator("#source-live")).toContainText("Failed password for invalid user");
    await accessible(page);
    await picture(page, "source-live");
    // The state of a source is counted every few seconds.
    await expect(async () => {
      await page.goto(`${base()}${source}`);
      await expect(page.getByText("Đang gửi", { exact: true })).toBeVisible({ timeout: 1_000 });
    }).toPass({ timeout: 20_000 });
    await expect(page.getByText("Mã truy cập của nguồn")).toHaveCount(0);
  });

  test("is searched: seen, narrowed by dragging, followed, saved, exported", async ({ page }) => {
    test.setTimeout(90_000);
    await signIn(page, base(), "huong.tt");
    await page.goto(`${base()}${source}`);
    await page.getByRole("link", { name: "Xem sự kiện" }).click();
    await page.waitForURL(/\/events\?/);
    const seen = new URL(page.url());
    seen.searchParams.set("range", "1h");
    await page.goto(seen.href);
    expect(await total(page)).toBe(LINES);
    await accessible(page);
    await picture(page, "source-events");
    // All of them came now: on the right of the histogram.
    await drag(page, 0.6, 0.97);
    expect(await total(page)).toBe(LINES);
    await page.locator("#f-q").fill("src_ip:203.0.113.61 -user:thu1");
    await page.locator("#f-q").press("Enter");
    await page.waitForURL(/203\.0\.113\.61/);
    const some = Array.from({ length: LINES }, (_, n) => n).filter((n) => n % 2 && n % 3 !== 1).length;
    expect(await total(page)).toBe(some);
    const narrowed = page.url();

    await page.locator(".folds tbody tr").first().getByRole("link").first().click();
    await page.getByRole("link", { name: "Ai đã thấy giá trị này của src_endpoint.ip" }).click();
    await expect(page.getByText("203.0.113.61").first()).toBeVisible();
    await expect(page.getByText("Hệ thống đã thấy")).toBeVisible();

    await page.goto(narrowed);
    await page.getByRole("button", { name: "Lưu tìm kiếm" }).click();
    await page.locator("#f-name").fill("Dò mật khẩu cổng");
    await page.getByRole("button", { name: "Lưu", exact: true }).click();
    await page.waitForURL(/\/searches$/);
    await page.getByRole("link", { name: "Dò mật khẩu cổng", exact: true }).click();
    await expect(page.locator("#f-q")).toHaveValue("src_ip:203.0.113.61 -user:thu1");

    await page.goto(narrowed);
    const lines = await exported(page);
    expect(lines.length).toBe(some);
    expect(lines.every((line) => JSON.parse(line).hot.src_ip === "203.0.113.61")).toBe(true);
  });

  test("is in the list and on the page of health", async ({ page }) => {
    await signIn(page, base(), "thinh.nd");
    for (const path of ["/sources", "/source-health"]) {
      await page.goto(`${base()}${path}?q=rsyslog`);
      const row = page.locator(".folds tbody tr", { hasText: "Máy chủ cổng (rsyslog)" });
      await expect(row).toContainText("Đang gửi");
      // The page of health counts whole hours.
      if (path === "/sources") await expect(row).toContainText(String(LINES));
      await accessible(page);
      await picture(page, path.slice(1));
    }
    await page.setViewportSize({ width: 360, height: 800 });
    for (const path of ["/sources", "/sources/new", source, "/source-health"]) {
      await page.goto(`${base()}${path}`);
      await fits(page);
    }
  });
});
