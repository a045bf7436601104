// Asks the server for an answer and streams it.
import { events, ApiError } from "./api.js";
import { content } from "./files.js";

// request is the body for a branch of messages with a chat's settings.
function request(messages, settings, start) {
  const list = messages.map((m) => ({ role: m.role, content: m.role === "user" ? content(m) : m.content }));
  if (settings.system) list.unshift({ role: "system", content: settings.system });
  if (start !== null) list.push({ role: "assistant", content: start });
  const body = { messages: list, stream: true, stream_options: { include_usage: true } };
  if (start !== null) body.continue_final_message = true;
  for (const k of ["temperature", "top_p", "top_k", "min_p", "max_tokens", "seed", "repeat_penalty"]) {
    if (typeof settings[k] === "number") body[k] = settings[k];
  }
  if (settings.think === false) body.chat_template_kwargs = { enable_thinking: false };
  return body;
}

// generate streams an answer: on.text and on.thought get deltas. start is the beginning of an answer to be continued, or
// null. It returns {end, tokens, rate, used}; end is stop, length or stopped.
export async function generate(messages, settings, start, signal, on) {
  const result = { end: "stop", tokens: 0, rate: 0, used: 0 };
  let first = 0, pieces = 0;
  try {
    for await (const e of events("POST", "v1/chat/completions", request(messages, settings, start), signal)) {
      if (e.error) throw new ApiError(e.error.code || 500, e.error.message || String(e.error));
      const choice = (e.choices || [])[0];
      if (choice && choice.delta) {
        if (choice.delta.content || choice.delta.reasoning_content) {
          first = first || performance.now();
          pieces++;
        }
        if (choice.delta.reasoning_content) on.thought(choice.delta.reasoning_content);
        if (choice.delta.content) on.text(choice.delta.content);
      }
      if (choice && choice.finish_reason) result.end = choice.finish_reason;
      if (e.usage) {
        result.tokens = e.usage.completion_tokens;
        result.used = e.usage.total_tokens;
      }
      if (e.timings && e.timings.predicted_per_second) result.rate = e.timings.predicted_per_second;
    }
  } catch (e) {
    if (e.name !== "AbortError") throw e;
    result.end = "stopped";
  }
  if (!result.tokens) result.tokens = pieces;
  if (!result.rate && pieces > 1) result.rate = (pieces - 1) / (performance.now() - first) * 1000;
  return result;
}
