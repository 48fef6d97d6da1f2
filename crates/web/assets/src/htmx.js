// htmx under a strict CSP: no eval, no style element of its own, only our own origin, and the CSRF token on every request.
import htmx from "htmx.org/dist/htmx.esm.js";

Object.assign(htmx.config, {
  allowEval: false,
  allowScriptTags: false,
  includeIndicatorStyles: false,
  selfRequestsOnly: true,
  historyRestoreAsHxRequest: false,
  historyCacheSize: 0,
  refreshOnHistoryMiss: true,
  scrollBehavior: "auto",
  globalViewTransitions: false,
  timeout: 60000,
  responseHandling: [
    { code: "204", swap: false },
    { code: "[23]..", swap: true },
    { code: "[45]..", swap: true, error: true },
  ],
});
window.htmx = htmx;
export default htmx;
