// Anthropic's own client.
import assert from "node:assert/strict";
import {test} from "node:test";
import Anthropic from "@anthropic-ai/sdk";
import {guarded, idle, isWeather, key, question, url, weather} from "./common.mjs";

const client = new Anthropic({baseURL: url, apiKey: "any"});
const model = "demo";
const tool = {name: weather.function.name, description: weather.function.description, input_schema: weather.function.parameters};

test("message", async () => {
    const a = await client.messages.create({model, max_tokens: 20, messages: question, system: "Be brief", temperature: 0});
    assert.equal(a.type, "message");
    assert.equal(a.stop_reason, "max_tokens");
    assert.equal(a.usage.output_tokens, 20);
    assert.ok(a.content[0].text.length > 10);
    const n = await client.messages.countTokens({model, messages: question, system: "Be brief"});
    assert.equal(n.input_tokens, a.usage.input_tokens + a.usage.cache_read_input_tokens);
});

test("stream", async () => {
    const whole = await client.messages.create({model, max_tokens: 20, messages: question, temperature: 0});
    const stream = client.messages.stream({model, max_tokens: 20, messages: question, temperature: 0});
    let text = "";
    stream.on("text", (t) => text += t);
    const a = await stream.finalMessage();
    assert.equal(text, whole.content[0].text);
    assert.equal(a.content[0].text, text);
    assert.equal(a.stop_reason, "max_tokens");
    assert.equal(a.usage.output_tokens, 20);
});

test("stop sequence", async () => {
    const a = await client.messages.create({model, max_tokens: 50, messages: question, temperature: 0, stop_sequences: [" a "]});
    assert.equal(a.stop_reason, "stop_sequence");
    assert.equal(a.stop_sequence, " a ");
});

test("tools", async () => {
    const request = {model, max_tokens: 100, messages: question, tools: [tool], tool_choice: {type: "any"}};
    const a = await client.messages.create(request);
    const use = a.content.find((b) => b.type === "tool_use");
    assert.equal(a.stop_reason, "tool_use");
    assert.ok(isWeather(use.input));
    const streamed = await client.messages.stream({...request, tool_choice: {type: "tool", name: tool.name}}).finalMessage();
    assert.ok(isWeather(streamed.content.find((b) => b.type === "tool_use").input));
    const b = await client.messages.create({
        model, max_tokens: 5, tools: [tool],
        messages: [...question, {role: "assistant", content: a.content}, {role: "user", content: [{type: "tool_result", tool_use_id: use.id, content: "sunny"}]}]
    });
    assert.equal(b.role, "assistant");
});

test("abort", async () => {
    const stream = client.messages.stream({model, max_tokens: 100000, messages: question});
    stream.on("text", () => stream.abort());
    await assert.rejects(stream.finalMessage(), Anthropic.APIUserAbortError);
    assert.ok(await idle() < 1000);
});

test("errors", async () => {
    await assert.rejects(client.messages.create({model, messages: question}), Anthropic.BadRequestError);
    await assert.rejects(client.messages.create({model, max_tokens: 5, messages: [{role: "user", content: "word ".repeat(3000)}]}), Anthropic.BadRequestError);
    await assert.rejects(new Anthropic({baseURL: guarded, apiKey: "wrong"}).messages.create({model, max_tokens: 1, messages: question}), Anthropic.AuthenticationError);
    const a = await new Anthropic({baseURL: guarded, apiKey: key}).messages.create({model, max_tokens: 1, messages: question});
    assert.equal(a.usage.output_tokens, 1);
});
