// Attachments: text files go into the message, pictures are made smaller before they are sent.
import { $, el } from "./dom.js";
import { t } from "./i18n.js";

const maxText = 2, maxPicture = 30; // MB of a file
const maxEdge = 1536; // pixels of a picture's longer side

export let attached = [];
let pictures = false;
let report = () => {};

export function allowPictures(allowed) {
  pictures = allowed;
  $("file").accept = allowed ? "image/*,text/*,.md,.json,.csv,.go,.py,.js,.c,.h,.log" : "";
}

export function clearFiles() {
  attached = [];
  show();
}

export function setFiles(list) {
  attached = list || [];
  show();
}

function show() {
  $("files").replaceChildren(...attached.map((f) => el("li", {},
    f.image ? el("img", { src: f.image, alt: f.name }) : f.name,
    el("button", { type: "button", textContent: "✕", "aria-label": t("remove") + " " + f.name, onclick: () => { attached = attached.filter((o) => o !== f); show(); } }))));
}

async function shrink(file) {
  const bitmap = await createImageBitmap(file);
  const scale = Math.min(1, maxEdge / Math.max(bitmap.width, bitmap.height));
  const canvas = el("canvas", { width: Math.max(1, Math.round(bitmap.width * scale)), height: Math.max(1, Math.round(bitmap.height * scale)) });
  canvas.getContext("2d").drawImage(bitmap, 0, 0, canvas.width, canvas.height);
  return canvas.toDataURL(file.type === "image/png" ? "image/png" : "image/jpeg", 0.92);
}

export async function addFiles(list) {
  for (const file of list) {
    const picture = file.type.startsWith("image/") && pictures;
    const limit = picture ? maxPicture : maxText;
    if (file.size > limit << 20) {
      report(t("tooLarge", file.name, limit));
      continue;
    }
    try {
      if (picture) {
        attached.push({ name: file.name || "image", image: await shrink(file) });
      } else {
        const text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
        if (text.includes("\0")) throw new Error("binary");
        attached.push({ name: file.name, text });
      }
    } catch {
      report(t("notText", file.name));
    }
  }
  show();
}

export function watchFiles(tell) {
  report = tell;
  $("attach").onclick = () => $("file").click();
  $("file").onchange = () => {
    addFiles([...$("file").files]);
    $("file").value = "";
  };
  $("input").addEventListener("paste", (e) => {
    const files = [...e.clipboardData.files];
    if (files.length) {
      e.preventDefault();
      addFiles(files);
    }
  });
  document.addEventListener("dragover", (e) => {
    if ([...e.dataTransfer.types].includes("Files")) {
      e.preventDefault();
      document.body.classList.add("drop");
    }
  });
  document.addEventListener("dragleave", (e) => { if (!e.relatedTarget) document.body.classList.remove("drop"); });
  document.addEventListener("drop", (e) => {
    document.body.classList.remove("drop");
    if (e.dataTransfer.files.length) {
      e.preventDefault();
      addFiles([...e.dataTransfer.files]);
    }
  });
}

// content is a user's message as the API takes it.
export function content(message) {
  const files = message.files || [];
  let text = message.content;
  for (const f of files.filter((f) => f.text !== undefined)) {
    const fence = "```".padEnd(3 + (f.text.match(/`{3,}/g) || []).reduce((n, m) => Math.max(n, m.length - 2), 0), "`");
    text += `\n\n${f.name}:\n${fence}\n${f.text}\n${fence}`;
  }
  const images = files.filter((f) => f.image);
  if (!images.length) return text;
  return [...images.map((f) => ({ type: "image_url", image_url: { url: f.image } })), { type: "text", text }];
}
