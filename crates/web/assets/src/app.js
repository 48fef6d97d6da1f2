// What every page loads. Each module looks for its own data attributes and works again on parts swapped in by htmx.
import htmx from "./htmx.js";
import { frame } from "./frame.js";
import { clocks } from "./clock.js";
import { drafts } from "./draft.js";
import { asks } from "./ask.js";
import { picks } from "./pick.js";
import { small } from "./small.js";
import { drops } from "./drop.js";
import { sparks } from "./spark.js";
import { lazy } from "./lazy.js";
import { faults, lost } from "./faults.js";
import { downloads, forms } from "./forms.js";
import { live } from "./live.js";
import { bars } from "./bar.js";
import { stops } from "./stop.js";

faults();
frame();
asks(htmx);
small();
live(htmx);
downloads(lost);
stops();

const parts = [clocks, drafts, picks, drops, sparks, lazy, bars];
const wake = (root) => parts.forEach((part) => part(root));
wake(document);
forms(document);
htmx.onLoad((root) => {
  if (root === document.body) return;
  forms(root, htmx);
  wake(root);
});
