// Small helpers around the document.

export const $ = (id) => document.getElementById(id);

// el makes an element: properties, data- and aria- attributes, event handlers on..., children.
export function el(tag, props = {}, ...children) {
  const e = document.createElement(tag);
  for (const [k, v] of Object.entries(props)) {
    if (k.startsWith("on")) e.addEventListener(k.slice(2), v);
    else if (k in e && k !== "list") e[k] = v;
    else e.setAttribute(k, v);
  }
  e.append(...children.filter((c) => c !== null && c !== undefined));
  return e;
}

// Icons are paths in a square of 16, drawn here because few fonts have such characters.
const icons = {
  copy: "M5 5V2h9v9h-3M2 5h9v9H2z", edit: "M2 14l1-4 8-8 3 3-8 8zM9 4l3 3", again: "M13 8a5 5 0 1 1-2-4M13 2v3h-3",
  on: "M4 3l8 5-8 5z", remove: "M2 4h12M6 4V2h4v2M4 4l1 10h6l1-10", file: "M4 1h5l3 3v11H4zM9 1v3h3", pin: "M6 1h4l-1 5 3 3H4l3-3zM8 9v6",
};

export function icon(name) {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("glyph");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", icons[name]);
  svg.append(path);
  return svg;
}

// ask shows the dialog with a title and content; buttons are [text, value, primary]. It resolves to the value of the
// button, or null when the dialog is closed.
export function ask(title, content, buttons) {
  const dialog = $("dialog");
  return new Promise((resolve) => {
    const done = (value) => {
      dialog.close();
      resolve(value);
    };
    const form = el("form", { method: "dialog", onsubmit: (e) => { e.preventDefault(); const p = buttons.find((b) => b[2]); if (p) done(p[1]); } },
      el("h2", { id: "dialog-title", textContent: title }), content || "",
      el("div", { className: "row" }, ...buttons.map(([text, value, primary]) =>
        el("button", { type: primary ? "submit" : "button", className: primary ? "primary" : "", textContent: text,
          onclick: (e) => { e.preventDefault(); done(value); } }))));
    dialog.replaceChildren(form);
    dialog.oncancel = () => resolve(null);
    if (dialog.open) dialog.close();
    dialog.showModal();
    const field = form.querySelector("input, textarea");
    if (field) field.focus();
  });
}

export function download(name, text, type) {
  const url = URL.createObjectURL(new Blob([text], { type }));
  el("a", { href: url, download: name }).click();
  setTimeout(() => URL.revokeObjectURL(url), 10000);
}

// copyText copies to the clipboard, also where the page is not on HTTPS or loopback and there is no clipboard object.
export async function copyText(text) {
  if (navigator.clipboard) return navigator.clipboard.writeText(text);
  const area = el("textarea", { value: text });
  document.body.append(area);
  area.select();
  document.execCommand("copy");
  area.remove();
}
