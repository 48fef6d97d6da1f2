// Two centres for the tests: an empty one for the first-run wizard, and the demonstration centre.
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

const target = process.env.CARGO_TARGET_DIR ?? resolve(import.meta.dirname, "../target");
export const khien = process.env.KHIEN ?? join(target, "debug/khien");

async function serve(data, port, more = []) {
  const child = spawn(khien, ["serve", "--data", data, "--listen", `127.0.0.1:${port}`, ...more], {
    stdio: ["ignore", "ignore", "inherit"],
    env: { ...process.env, KHIEN_LOG: "warn" },
  });
  for (let i = 0; i < 300; i++) {
    try {
      if ((await fetch(`http://127.0.0.1:${port}/healthz`)).ok) return child;
    } catch {
      // Not listening yet.
    }
    await new Promise((done) => setTimeout(done, 100));
  }
  child.kill();
  throw new Error("khien did not start");
}

export default async function setup() {
  const folder = mkdtempSync(join(tmpdir(), "khien-e2e-"));
  const demo = join(folder, "demo");
  execFileSync(khien, ["demo", "--data", demo], { stdio: ["ignore", "ignore", "inherit"] });
  // Where rsyslog sends to.
  writeFileSync(join(demo, "khien.toml"), 'syslog_tcp = "127.0.0.1:18514"\n');
  const servers = [await serve(join(folder, "empty"), 18080), await serve(demo, 18081)];
  process.env.KHIEN_EMPTY = "http://127.0.0.1:18080";
  process.env.KHIEN_DEMO = "http://127.0.0.1:18081";
  process.env.KHIEN_DEMO_DATA = demo;
  process.env.KHIEN_DEMO_SOURCE = "dd-db (windows)";
  return async () => {
    await Promise.all(servers.map((child) => new Promise((done) => {
      child.on("exit", done);
      child.kill("SIGTERM");
    })));
    rmSync(folder, { recursive: true, force: true });
  };
}
