// An alert arrives on an open page; an incident is opened from it; its report is downloaded.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, test } from "@playwright/test";
import { accessible, picture, signIn } from "./kit.mjs";
