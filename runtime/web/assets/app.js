// The page: list of chats, the current chat, sending.
import { $, el, icon, ask, download } from "./dom.js";
import { t, translate } from "./i18n.js";
import { get, call, events, ApiError } from "./api.js";
import { attached, clearFiles, setFiles, watchFiles, allowPictures } from "./files.js";
import { show, Live, toEnd } from "./view.js";
import { generate } from "./generate.js";
import { editSettings, applyTheme, askKey } from "./settings.js";

let chats = [];
let chat = null;      // the current chat with its messages, null for a new one
let draft = { settings: {} }; // settings of a chat that is not stored yet
let running = null;   // {abort, chat} while an answer is written
let editing = null;   // the message the composer replaces
let contextSize = 0;

const status = (text, bad) => {
  $("status").textContent = text || "";
  $("status").classList.toggle("error", !!bad);
};

function explain(e) {
  if (!(e instanceof ApiError)) return t("lost");
  if (e.status === 400 && /context/i.test(e.message)) return t("contextFull");
  return e.message;
}

// attempt runs a call; errors are told, and a missing key is asked for.
async function attempt(f) {
  for (;;) {
    try {
      return await f();
    } catch (e) {
      if (e instanceof ApiError && e.status === 401 && await askKey()) continue;
      status(explain(e), true);
      throw e;
    }
  }
}

const branch = (c, leaf = c.leaf) => {
  const byID = new Map(c.messages.map((m) => [m.id, m]));
  const list = [];
  for (let m = byID.get(leaf); m && list.length <= c.messages.length; m = byID.get(m.parent)) list.unshift(m);
  return list;
};

// deepest is the end of the latest branch below a message.
const deepest = (c, m) => {
  for (;;) {
    const below = c.messages.filter((o) => o.parent === m.id);
    if (!below.length) return m;
    m = below[below.length - 1];
  }
};

async function listChats() {
  const query = $("search").value.trim();
  const found = await attempt(() => get("page/chats" + (query ? "?q=" + encodeURIComponent(query) : "")));
  chats = found.chats;
  $("volatile").hidden = found.persists;
  $("volatile").textContent = t("volatile");
  drawList();
}

function drawList() {
  $("list").replaceChildren(...chats.map((c) => el("li", { className: chat && c.id === chat.id ? "current" : "" },
    el("button", { className: "open", title: c.title, onclick: () => openChat(c.id) }, c.pinned ? icon("pin") : null, c.title || t("untitled")),
    el("button", { className: "more", textContent: "⋯", "aria-label": t("more") + ": " + (c.title || t("untitled")), onclick: () => chatMenu(c) }))));
}

async function chatMenu(c) {
  const item = (text, value) => el("button", { type: "button", textContent: text, onclick: (e) => { e.preventDefault(); pick(value); } });
  let pick;
  const chosen = new Promise((resolve) => { pick = resolve; });
  const menu = el("div", { className: "menu" }, item(t("rename"), "rename"), item(t(c.pinned ? "unpin" : "pin"), "pin"), item(t("export"), "json"),
    item(t("exportMarkdown"), "md"), item(t("delete"), "delete"));
  const what = await Promise.race([chosen, ask(c.title || t("untitled"), menu, [[t("cancel"), null]])]);
  $("dialog").close();
  const path = "page/chats/" + c.id;
  if (what === "rename") {
    const input = el("input", { value: c.title, "aria-label": t("rename") });
    if (await ask(t("rename"), input, [[t("cancel"), false], [t("save"), true, true]])) await attempt(() => call("PATCH", path, { title: input.value.slice(0, 100) }));
  } else if (what === "pin") {
    await attempt(() => call("PATCH", path, { pinned: !c.pinned }));
  } else if (what === "json") {
    download((c.title || "chat") + ".json", JSON.stringify(await attempt(() => get(path + "/export")), null, 1), "application/json");
  } else if (what === "md") {
    download((c.title || "chat") + ".md", await attempt(() => get(path + "/export?format=md")), "text/markdown");
  } else if (what === "delete" && await ask(t("confirmDelete"), c.title, [[t("cancel"), false], [t("delete"), true, true]])) {
    await attempt(() => call("DELETE", path));
    if (chat && chat.id === c.id) newChat();
  }
  await listChats();
  if (chat && chat.id === c.id && what !== "delete") await openChat(c.id);
}

function drawTitle() {
  $("title").textContent = chat ? chat.title || t("untitled") : "llamaboot";
  document.title = chat && chat.title ? chat.title + " · llamaboot" : "llamaboot";
}

function gauge(used) {
  const share = contextSize ? Math.min(1, used / contextSize) : 0;
  $("gauge").firstElementChild.style.setProperty("transform", `scaleX(${share})`);
  $("gauge").classList.toggle("full", share > 0.9);
  $("gauge").title = `${t("context")}: ${used} / ${contextSize} ${t("tokens")}`;
  $("gauge").setAttribute("aria-valuenow", Math.round(share * 100));
}

async function draw() {
  drawTitle();
  drawList();
  const list = chat ? branch(chat) : [];
  await show(chat || { messages: [] }, list, actions);
  const last = list.findLast((m) => m.stats && m.stats.used);
  gauge(last ? last.stats.used : 0);
}

async function openChat(id) {
  document.body.classList.remove("side");
  chat = await attempt(() => get("page/chats/" + id));
  editing = null;
  location.hash = "chat=" + id;
  await draw();
  toEnd();
}

function newChat() {
  chat = null;
  draft = { settings: draft.settings };
  editing = null;
  clearFiles();
  history.replaceState(null, "", location.pathname + location.search);
  document.body.classList.remove("side");
  draw();
  $("input").focus();
}

// store adds a message to the current chat, or replaces one's content.
async function store(c, m) {
  const path = `page/chats/${c.id}/messages`;
  const got = m.id ? await call("PUT", `${path}/${m.id}`, m) : await call("POST", path, m);
  m.id = got.message.id;
  if (!c.messages.includes(m)) c.messages.push(m);
  c.leaf = got.chat.leaf;
  c.rev = got.chat.rev;
  return m;
}

async function send() {
  const text = $("input").value.trim();
  if (running || (!text && !attached.length)) return;
  status("");
  try {
    if (!chat) {
      const made = await attempt(() => call("POST", "page/chats", { title: (text || attached[0].name).split("\n")[0].slice(0, 60), settings: draft.settings, updated: Date.now() }));
      chat = { ...made, messages: [] };
      location.hash = "chat=" + chat.id;
    }
    const parent = editing ? editing.parent : chat.leaf;
    const m = { parent, role: "user", content: text, files: attached.length ? attached : undefined, time: Date.now() };
    if (editing && editing.role === "assistant") {
      Object.assign(editing, { content: text });
      await attempt(() => store(chat, editing));
    } else {
      await attempt(() => store(chat, m));
    }
  } catch {
    return; // told; the text stays in the field
  }
  const answer = !(editing && editing.role === "assistant");
  editing = null;
  $("input").value = "";
  grow();
  clearFiles();
  await draw();
  toEnd();
  listChats();
  if (answer) respond(chat.leaf, null);
}

const saveEvery = 4000; // ms; an answer is stored while it is written

// respond has the model answer below the message parent, or go on with the answer m.
async function respond(parent, m) {
  const c = chat;
  const before = branch(c, parent);
  const start = m ? m.content : null;
  const abort = new AbortController();
  running = { abort, chat: c };
  $("send").hidden = true;
  $("stop").hidden = false;
  status("");
  if (m) document.querySelector(`[data-id="${m.id}"]`)?.remove();
  const live = new Live(start || "");
  const answer = m || { parent, role: "assistant", content: "", time: Date.now() };
  let saved = Date.now(), saving = null;
  const changed = () => {
    if (!saving && Date.now() - saved > saveEvery) {
      saved = Date.now();
      saving = store(c, answer).catch(() => {}).finally(() => { saving = null; });
    }
  };
  let failure = null;
  const ask = async () => {
    for (;;) {
      try {
        return await generate(before, c.settings || {}, start, abort.signal, {
          text: (d) => { answer.content += d; live.add(d); changed(); },
          thought: (d) => { answer.reasoning = (answer.reasoning || "") + d; live.think(d); changed(); },
        });
      } catch (e) {
        if (e instanceof ApiError && (e.status === 503 || e.status === 429) && !abort.signal.aborted && answer.content === (start || "")) {
          const wait = Math.min(30, e.retryAfter || 2);
          status(e.status === 503 && /load/i.test(e.message) ? t("loading") : t("busy", wait));
          await new Promise((done) => { setTimeout(done, wait * 1000); abort.signal.addEventListener("abort", done); });
          if (!abort.signal.aborted) continue;
          return { end: "stopped", tokens: 0 };
        }
        if (e instanceof ApiError && e.status === 401 && await askKey()) continue;
        failure = e;
        return null;
      }
    }
  };
  const result = await ask();
  live.flush();
  if (result) answer.stats = { tokens: result.tokens, rate: result.rate, used: result.used, end: result.end };
  running = null;
  $("send").hidden = false;
  $("stop").hidden = true;
  try {
    await saving;
    if (answer.content || answer.reasoning) await store(c, answer);
  } catch (e) {
    failure = failure || e;
  }
  if (failure) {
    live.fail(explain(failure), () => { live.element.remove(); if (chat === c) respond(parent, answer.id ? answer : null); });
    return;
  }
  status("");
  if (chat === c) {
    const stay = $("log").scrollTop, end = $("log").scrollHeight - stay - $("log").clientHeight < 80;
    await draw();
    if (end) toEnd();
    else $("log").scrollTop = stay;
  }
  listChats().catch(() => {});
}

const actions = {
  async show(m) {
    chat.leaf = deepest(chat, m).id;
    await attempt(() => call("PATCH", "page/chats/" + chat.id, { leaf: chat.leaf }));
    await draw();
  },
  edit(m) {
    editing = m;
    $("input").value = m.content;
    setFiles(m.files ? [...m.files] : []);
    grow();
    $("input").focus();
    status(t("edit") + " …");
  },
  async regenerate(m) {
    if (running) return;
    chat.leaf = m.parent;
    await draw();
    respond(m.parent, null);
  },
  resume(m) {
    if (!running) respond(m.parent, m);
  },
  async remove(m) {
    if (running || !await ask(t("confirmDeleteMessage"), m.content.slice(0, 200), [[t("cancel"), false], [t("delete"), true, true]])) return;
    await attempt(() => call("DELETE", `page/chats/${chat.id}/messages/${m.id}`));
    await openChat(chat.id);
  },
};

function grow() {
  const input = $("input");
  input.style.height = "auto";
  input.style.height = Math.min(input.scrollHeight + 2, innerHeight * 0.4) + "px";
}

async function importFile(file) {
  try {
    await attempt(async () => call("POST", "page/import", JSON.parse(await file.text())));
  } catch (e) {
    if (e instanceof SyntaxError) status(t("notText", file.name), true);
  }
  await listChats();
}

async function exportAll() {
  const all = [];
  for (const c of chats) all.push(await attempt(() => get("page/chats/" + c.id)));
  download("chats.json", JSON.stringify(all, null, 1), "application/json");
}

// follow tells of changes in other browsers, and comes back after the server was away.
async function follow() {
  for (let wait = 1; ; wait = Math.min(30, wait * 2)) {
    try {
      for await (const e of events("GET", "page/events")) {
        wait = 1;
        if (running) continue;
        await listChats();
        if (chat && e.id === chat.id && e.deleted) newChat();
        else if (chat && e.id === chat.id && e.rev > chat.rev) {
          chat = await get("page/chats/" + chat.id);
          await draw();
        }
      }
    } catch { /* tried again below */ }
    await new Promise((done) => setTimeout(done, wait * 1000));
  }
}

async function start() {
  applyTheme();
  translate();
  watchFiles((text) => status(text, true));
  $("composer").onsubmit = (e) => { e.preventDefault(); send(); };
  $("stop").onclick = () => running && running.abort.abort();
  $("input").oninput = grow;
  $("input").onkeydown = (e) => {
    if (e.key === "Enter" && !e.shiftKey && !e.isComposing && matchMedia("(pointer: fine)").matches) {
      e.preventDefault();
      send();
    }
    if (e.key === "ArrowUp" && !$("input").value && chat) {
      const last = branch(chat).findLast((m) => m.role === "user");
      if (last) { e.preventDefault(); actions.edit(last); }
    }
  };
  document.onkeydown = (e) => {
    if (e.key === "Escape" && !$("dialog").open) {
      if (running) running.abort.abort();
      else if (editing) { editing = null; $("input").value = ""; clearFiles(); status(""); }
      document.body.classList.remove("side");
    }
    if (!(e.ctrlKey || e.metaKey)) return;
    if (e.key === "k") { e.preventDefault(); document.body.classList.add("side"); $("search").focus(); }
    if (e.key === ",") { e.preventDefault(); $("settings").click(); }
    if (e.shiftKey && e.key.toLowerCase() === "o") { e.preventDefault(); newChat(); }
  };
  $("new").onclick = newChat;
  $("side-open").onclick = () => document.body.classList.add("side");
  $("side-close").onclick = () => document.body.classList.remove("side");
  let typing = 0;
  $("search").oninput = () => { clearTimeout(typing); typing = setTimeout(() => listChats().catch(() => {}), 200); };
  $("import").onclick = () => $("import-file").click();
  $("import-file").onchange = () => { if ($("import-file").files[0]) importFile($("import-file").files[0]); $("import-file").value = ""; };
  $("export-all").onclick = exportAll;
  $("settings").onclick = async () => {
    const got = await editSettings((chat ? chat.settings : draft.settings) || {});
    if (!got) return;
    if (chat) {
      chat.settings = got.settings;
      await attempt(() => call("PATCH", "page/chats/" + chat.id, { settings: got.settings }));
    } else {
      draft.settings = got.settings;
    }
    if (got.reload) location.reload();
  };
  grow();
  try {
    const props = await attempt(() => get("props"));
    contextSize = props.default_generation_settings?.n_ctx || 0;
    $("model").textContent = (props.model_alias || props.model_path || "").split(/[\\/]/).pop();
    allowPictures(!!props.modalities?.vision);
  } catch { /* told; listing the chats tells it too */ }
  await listChats().catch(() => {});
  const id = Number(new URLSearchParams(location.hash.slice(1)).get("chat"));
  if (id) await openChat(id).catch(newChat);
  else await draw();
  $("input").focus();
  follow();
}

start();
