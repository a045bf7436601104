// Shows one chat: messages of the branch, their tools, and the answer that is being written.
import { $, el, icon, copyText } from "./dom.js";
import { t } from "./i18n.js";
import { renderMarkdown } from "./api.js";
import { highlight } from "./highlight.js";

const shownAtOnce = 40; // messages; earlier ones are added on request

const log = $("log");
export const atEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80;
export const toEnd = () => {
  log.scrollTop = log.scrollHeight;
  requestAnimationFrame(() => { log.scrollTop = log.scrollHeight; }); // formulas and pictures get their sizes late
};

function button(content, label, action) {
  return el("button", { type: "button", title: label, "aria-label": label, onclick: action }, content);
}

// finish adds copy buttons and colours to code that was rendered.
export function finish(content) {
  for (const code of content.querySelectorAll("pre > code")) {
    const language = (code.className.match(/language-([\w+#-]+)/) || [])[1] || "";
    highlight(code, language.toLowerCase());
    const copy = el("button", { type: "button", className: "copy", textContent: t("copy") });
    copy.onclick = async () => {
      await copyText(code.textContent);
      copy.textContent = t("copied");
      setTimeout(() => { copy.textContent = t("copy"); }, 1500);
    };
    code.parentElement.append(el("span", { className: "corner" }, language, copy));
  }
  for (const a of content.querySelectorAll("a[href]")) {
    a.target = "_blank";
    a.rel = "noopener noreferrer";
  }
  return content;
}

function reasoning(text, open) {
  return el("details", { className: "reasoning", open }, el("summary", { textContent: t("reasoning") }), el("div", { textContent: text }));
}

function statsText(stats) {
  if (!stats) return "";
  const parts = [];
  if (stats.tokens) parts.push(`${stats.tokens} ${t("tokens")}`);
  if (stats.rate) parts.push(`${stats.rate.toFixed(1)} ${t("perSecond")}`);
  if (stats.end === "stopped") parts.push(t("stopped"));
  if (stats.end === "length") parts.push(t("cut"));
  return parts.join(" · ");
}

// tools are the buttons below a message.
function tools(chat, m, act) {
  const siblings = chat.messages.filter((o) => o.parent === m.parent);
  const i = siblings.indexOf(m);
  const bar = el("div", { className: "tools" });
  if (siblings.length > 1) {
    const back = button("‹", t("previous"), () => act.show(siblings[i - 1]));
    const on = button("›", t("next"), () => act.show(siblings[i + 1]));
    back.disabled = i === 0;
    on.disabled = i === siblings.length - 1;
    bar.append(back, `${i + 1}/${siblings.length}`, on);
  }
  bar.append(button(icon("copy"), t("copy"), () => copyText(m.content)));
  bar.append(button(icon("edit"), t("edit"), () => act.edit(m)));
  if (m.role === "assistant") {
    bar.append(button(icon("again"), t("regenerate"), () => act.regenerate(m)));
    if (!chat.messages.some((o) => o.parent === m.id)) bar.append(button(icon("on"), t("continue"), () => act.resume(m)));
  }
  bar.append(button(icon("remove"), t("delete"), () => act.remove(m)));
  const stats = statsText(m.stats);
  if (stats) bar.append(el("span", { className: "stats", textContent: stats }));
  return bar;
}

function shell(m) {
  return el("article", { className: "message " + m.role, "aria-label": t(m.role === "user" ? "you" : "assistant"), "data-id": m.id });
}

// show draws messages, a branch of the chat from first to last.
export async function show(chat, messages, act, from = Math.max(0, messages.length - shownAtOnce)) {
  const shown = messages.slice(from);
  const answers = shown.filter((m) => m.role === "assistant");
  const nodes = [];
  if (from > 0) {
    nodes.push(el("button", { type: "button", className: "earlier", textContent: t("earlier") + ` (${from})`, onclick: async () => {
      const height = log.scrollHeight;
      await show(chat, messages, act, Math.max(0, from - shownAtOnce));
      log.scrollTop += log.scrollHeight - height;
    } }));
  }
  let html = [];
  try {
    html = await renderMarkdown(answers.map((m) => m.content));
  } catch { /* shown as plain text below */ }
  for (const m of shown) {
    const e = shell(m);
    if (m.role === "user") {
      for (const f of m.files || []) {
        e.append(f.image ? el("img", { className: "picture", src: f.image, alt: f.name }) : el("div", { className: "note" }, icon("file"), " " + f.name));
      }
      e.append(el("div", { className: "body", textContent: m.content }));
    } else {
      if (m.reasoning) e.append(reasoning(m.reasoning, false));
      const content = html[answers.indexOf(m)];
      e.append(content ? el("div", { className: "body" }, finish(content)) : el("div", { className: "body tail", textContent: m.content }));
    }
    e.append(tools(chat, m, act));
    nodes.push(e);
  }
  if (!nodes.length) nodes.push(el("p", { className: "note", textContent: t("empty") }));
  log.replaceChildren(...nodes);
}

// Live is an answer that grows. Text is appended to a text node; a part that is complete (a blank line outside of a code
// block ends it) is rendered once, so the work for a token does not grow with the answer.
export class Live {
  constructor(start = "") {
    this.element = shell({ id: 0, role: "assistant" });
    this.element.classList.add("live");
    this.body = el("div", { className: "body" });
    this.tail = el("div", { className: "tail" });
    this.text = document.createTextNode("");
    this.tail.append(this.text);
    this.body.append(this.tail);
    this.element.append(this.body);
    this.pending = "";   // text in the tail
    this.fence = "";     // of the code block that is open at the start of the tail's last line
    this.thoughts = null;
    this.queue = Promise.resolve();
    this.waiting = "";   // deltas until the next frame
    this.waitingThoughts = "";
    document.querySelectorAll("#log > p.note").forEach((e) => e.remove());
    log.append(this.element);
    if (start) this.add(start);
  }

  // add and think collect deltas; one frame shows all that came since the last.
  add(delta) {
    this.waiting += delta;
    this.schedule();
  }

  think(delta) {
    this.waitingThoughts += delta;
    this.schedule();
  }

  schedule() {
    if (this.frame) return;
    this.frame = setTimeout(() => { this.frame = 0; this.flush(); }, 100);
  }

  flush() {
    const stick = atEnd();
    if (this.waitingThoughts) {
      if (!this.thoughts) {
        const details = reasoning("", true);
        this.thoughts = document.createTextNode("");
        details.lastChild.append(this.thoughts);
        this.element.insertBefore(details, this.body);
      }
      this.thoughts.appendData(this.waitingThoughts);
      this.waitingThoughts = "";
    }
    if (this.waiting) {
      if (this.thoughts && !this.pending && this.body.children.length === 1) this.element.querySelector("details").open = false;
      this.text.appendData(this.waiting);
      this.pending += this.waiting;
      this.waiting = "";
      this.split();
    }
    if (stick) toEnd();
  }

  // split takes complete parts off the tail and has them rendered.
  split() {
    let end = 0, at = 0, fence = "";
    for (;;) {
      const eol = this.pending.indexOf("\n", at);
      if (eol < 0) break;
      const line = this.pending.slice(at, eol);
      const mark = line.match(/^ {0,3}(`{3,}|~{3,})/);
      if (mark && !fence) fence = mark[1];
      else if (mark && fence && mark[1].startsWith(fence)) fence = "";
      at = eol + 1;
      // A list or table may go on after a blank line, so only a part that ends in plain text or code is complete.
      if (!fence && line.trim() === "" && /^[^\s\-*+>|\d$\\]/.test(this.pending.slice(at))) end = at;
    }
    if (!end) return;
    const part = this.pending.slice(0, end);
    this.pending = this.pending.slice(end);
    const raw = el("div", { className: "tail", textContent: part });
    this.body.insertBefore(raw, this.tail);
    this.text.data = this.pending;
    this.queue = this.queue.then(async () => {
      const [content] = await renderMarkdown([part]);
      raw.replaceWith(el("div", { className: "block" }, finish(content)));
    }).catch(() => {}); // it stays plain text until the answer is shown whole
  }

  fail(message, again) {
    this.flush();
    this.element.append(el("p", { className: "error", role: "alert" }, message + " ",
      el("button", { type: "button", textContent: t("retry"), onclick: again })));
    toEnd();
  }
}
