// The dialog of settings: system prompt, samplers, presets, key, language, appearance.
import { $, el, ask } from "./dom.js";
import { t, languages } from "./i18n.js";
import { get, call, setKey } from "./api.js";

const numbers = [["temperature", "temperature", "0.05"], ["top_p", "topP", "0.01"], ["top_k", "topK", "1"], ["min_p", "minP", "0.01"],
  ["repeat_penalty", "repeat", "0.01"], ["max_tokens", "maxTokens", "1"], ["seed", "seed", "1"]];

export function applyTheme() {
  const theme = localStorage.getItem("theme") || "";
  if (theme) document.documentElement.dataset.theme = theme;
  else delete document.documentElement.dataset.theme;
}

function shortcuts() {
  const rows = [["Enter", "send"], ["Shift+Enter", "↵"], ["Esc", "stop"], ["Ctrl+Shift+O", "newChat"], ["Ctrl+K", "search"], ["Ctrl+,", "settings"], ["↑", "edit"]];
  return el("details", {}, el("summary", { textContent: t("shortcuts") }),
    ...rows.map(([k, text]) => el("div", {}, el("kbd", { textContent: k }), " ", text === "↵" ? text : t(text))));
}

// editSettings shows the dialog for a chat's settings and resolves to the new ones, or null.
export async function editSettings(settings) {
  const system = el("textarea", { rows: 4, value: settings.system || "" });
  const fields = numbers.map(([name, label, step]) => [name, el("input", { type: "number", step, value: settings[name] ?? "" }), label]);
  const think = el("input", { type: "checkbox", checked: settings.think !== false });
  const key = el("input", { type: "password", autocomplete: "off", value: localStorage.getItem("key") || "" });
  const language = el("select", {}, el("option", { value: "", textContent: t("auto") }),
    ...Object.entries(languages).map(([value, textContent]) => el("option", { value, textContent })));
  language.value = localStorage.getItem("language") || "";
  const theme = el("select", {}, ...[["", "auto"], ["light", "light"], ["dark", "dark"]].map(([value, k]) => el("option", { value, textContent: t(k) })));
  theme.value = localStorage.getItem("theme") || "";
  let presets = {};
  try {
    presets = (await get("page/documents/presets")) || {};
  } catch { /* without a key there are none yet */ }
  const values = () => {
    const s = {};
    if (system.value.trim()) s.system = system.value;
    for (const [name, input] of fields) if (input.value !== "") s[name] = Number(input.value);
    if (!think.checked) s.think = false;
    return s;
  };
  const preset = el("select", {});
  const listPresets = () => preset.replaceChildren(el("option", { value: "", textContent: "–" }), ...Object.keys(presets).map((n) => el("option", { value: n, textContent: n })));
  listPresets();
  preset.onchange = () => {
    const p = presets[preset.value];
    if (!p) return;
    system.value = p.system || "";
    for (const [name, input] of fields) input.value = p[name] ?? "";
    think.checked = p.think !== false;
  };
  const name = el("input", { placeholder: t("presetName"), "aria-label": t("presetName") });
  const store = () => call("PUT", "page/documents/presets", presets).then(listPresets);
  const content = el("div", {},
    el("label", {}, t("system"), system),
    el("div", { className: "grid" }, ...fields.map(([, input, label]) => el("label", {}, t(label), input))),
    el("label", {}, think, " ", t("think")),
    el("label", {}, t("presets"), preset),
    el("div", { className: "row" }, name,
      el("button", { type: "button", textContent: t("save"), onclick: () => { if (name.value.trim()) { presets[name.value.trim()] = values(); store(); } } }),
      el("button", { type: "button", textContent: t("delete"), onclick: () => { delete presets[preset.value]; store(); } })),
    el("div", { className: "grid" }, el("label", {}, t("apiKey"), key), el("label", {}, t("language"), language), el("label", {}, t("theme"), theme)),
    shortcuts());
  if (!await ask(t("settings"), content, [[t("cancel"), false], [t("save"), true, true]])) return null;
  const reload = language.value !== (localStorage.getItem("language") || "");
  if (language.value) localStorage.setItem("language", language.value);
  else localStorage.removeItem("language");
  if (theme.value) localStorage.setItem("theme", theme.value);
  else localStorage.removeItem("theme");
  applyTheme();
  if (key.value !== (localStorage.getItem("key") || "")) setKey(key.value);
  return { settings: values(), reload };
}

export async function askKey() {
  const input = el("input", { type: "password", autocomplete: "off", "aria-label": t("apiKey") });
  if (await ask(t("needKey"), input, [[t("cancel"), false], [t("save"), true, true]])) {
    setKey(input.value);
    return true;
  }
  return false;
}
