// Talks to the server: the OpenAI API for answers, page/ for stored chats and rendering.

export class ApiError extends Error {
  constructor(status, message, retryAfter) {
    super(message);
    this.status = status;
    this.retryAfter = retryAfter;
  }
}

let key = localStorage.getItem("key") || "";
const fragment = new URLSearchParams(location.hash.slice(1));
if (fragment.get("key")) { // from a QR code on the machine's screen
  setKey(fragment.get("key"));
  history.replaceState(null, "", location.pathname + location.search);
}

export function setKey(value) {
  key = value;
  localStorage.setItem("key", value);
}

function headers(body) {
  const h = {};
  if (body !== undefined) h["Content-Type"] = "application/json";
  if (key) h["Authorization"] = "Bearer " + key;
  return h;
}

async function failure(response) {
  let message = response.statusText;
  try {
    const text = await response.text();
    try {
      const e = JSON.parse(text).error;
      message = (e && e.message) || e || text;
    } catch {
      message = text || message;
    }
  } catch { /* the connection broke: the status has to do */ }
  return new ApiError(response.status, message, Number(response.headers.get("Retry-After")) || 0);
}

export async function call(method, path, body, signal) {
  const response = await fetch(path, {
    method, headers: headers(body), signal, body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw await failure(response);
  const type = response.headers.get("Content-Type") || "";
  return type.startsWith("application/json") ? response.json() : response.text();
}

export const get = (path) => call("GET", path);

// events yields the data of server-sent events of a response.
export async function* events(method, path, body, signal) {
  const response = await fetch(path, {
    method, headers: headers(body), signal, body: body === undefined ? undefined : JSON.stringify(body),
  });
  if (!response.ok) throw await failure(response);
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      rest += decoder.decode(value, { stream: true });
      let end;
      while ((end = rest.indexOf("\n\n")) >= 0) {
        const lines = rest.slice(0, end).split("\n");
        rest = rest.slice(end + 2);
        const data = lines.filter((l) => l.startsWith("data:")).map((l) => l.slice(5).trimStart()).join("\n");
        if (data === "[DONE]") return;
        if (data) yield JSON.parse(data);
      }
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

export async function renderMarkdown(texts) {
  const { html } = await call("POST", "page/render", { texts });
  return html.map((text) => {
    const t = document.createElement("template");
    t.innerHTML = text; // safe elements only: see Markdown of runtime/web
    return t.content;
  });
}
