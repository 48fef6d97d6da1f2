// The sse extension of htmx, for a part that shows one long piece of work: hx-ext="sse" sse-connect="…" sse-swap="progress".
import "./htmx.js";
import "htmx-ext-sse/dist/sse.js";
