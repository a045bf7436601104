// OpenAI's own client.
import assert from "node:assert/strict";
import {test} from "node:test";
import OpenAI from "openai";
import {zodResponseFormat} from "openai/helpers/zod";
import {z} from "zod";
import {guarded, idle, isWeather, key, late, question, url, weather} from "./common.mjs";

const client = new OpenAI({baseURL: url + "/v1", apiKey: "any"});
const model = "demo";

test("models", async () => {
    const list = [];
    for await (const m of client.models.list())
        list.push(m.id);
    assert.deepEqual(list, [model]);
    assert.equal((await client.models.retrieve(model)).object, "model");
    await assert.rejects(client.models.retrieve("other"), OpenAI.NotFoundError);
});

test("chat", async () => {
    const a = await client.chat.completions.create({model, messages: question, max_tokens: 20, temperature: 0, seed: 1, logprobs: true, top_logprobs: 2, n: 2});
    assert.equal(a.choices.length, 2);
    assert.ok(a.choices[0].message.content.length > 10);
    assert.equal(a.choices[0].message.content, a.choices[1].message.content);
    assert.equal(a.choices[0].finish_reason, "length");
    assert.equal(a.choices[0].logprobs.content.length, 20);
    assert.equal(a.usage.total_tokens, a.usage.prompt_tokens + a.usage.completion_tokens);
    assert.ok(a._request_id);
});

test("stream", async () => {
    const stream = client.chat.completions.stream({model, messages: question, max_tokens: 20, temperature: 0, stream_options: {include_usage: true}});
    let text = "";
    stream.on("content", (delta) => text += delta);
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].message.content, text);
    assert.equal(final.choices[0].finish_reason, "length");
    assert.equal((await stream.totalUsage()).completion_tokens, 20);
});

test("stop", async () => {
    const a = await client.chat.completions.create({model, messages: question, max_tokens: 50, temperature: 0, stop: [" a "]});
    assert.equal(a.choices[0].finish_reason, "stop");
    assert.ok(!a.choices[0].message.content.includes(" a "));
});

test("tools", async () => {
    for (const tool_choice of ["required", {type: "function", function: {name: "get_weather"}}]) {
        const a = await client.chat.completions.create({model, messages: question, tools: [weather], tool_choice, max_tokens: 100});
        const call = a.choices[0].message.tool_calls[0];
        assert.equal(a.choices[0].finish_reason, "tool_calls");
        assert.equal(call.function.name, "get_weather");
        assert.ok(isWeather(JSON.parse(call.function.arguments)));
        const b = await client.chat.completions.create({
            model, tools: [weather], max_tokens: 8,
            messages: [...question, a.choices[0].message, {role: "tool", tool_call_id: call.id, content: "sunny"}]
        });
        assert.ok(b.choices[0].message);
    }
});

test("streamed tools", async () => {
    const stream = client.chat.completions.stream({model, messages: question, tools: [weather], tool_choice: "required", max_tokens: 100});
    const done = [];
    stream.on("tool_calls.function.arguments.done", (e) => done.push(e));
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].finish_reason, "tool_calls");
    assert.equal(done.length, 1);
    assert.ok(isWeather(JSON.parse(done[0].arguments)));
});

test("JSON schema", async () => {
    const Person = z.object({name: z.enum(["Ann", "Bob"]), age: z.number().int().min(1).max(99)});
    const a = await client.chat.completions.parse({model, messages: question, response_format: zodResponseFormat(Person, "person"), max_tokens: 100});
    assert.ok(Person.parse(a.choices[0].message.parsed));
    const b = await client.chat.completions.create({model, messages: question, response_format: {type: "json_object"}, max_tokens: 2, temperature: 0});
    assert.ok(b.choices[0].message.content.startsWith("{"));
});

test("embeddings", async () => {
    const input = ["a cat", "a dog"];
    const packed = await client.embeddings.create({model, input});
    const plain = await client.embeddings.create({model, input, encoding_format: "float"});
    assert.equal(packed.data.length, 2);
    for (let i = 0; i < 2; i++) {
        assert.equal(packed.data[i].embedding.length, plain.data[i].embedding.length);
        packed.data[i].embedding.forEach((x, k) => assert.ok(Math.abs(x - plain.data[i].embedding[k]) < 1e-6));
    }
    assert.equal((await client.embeddings.create({model, input: "x", dimensions: 8})).data[0].embedding.length, 8);
});

test("completions", async () => {
    const a = await client.completions.create({model, prompt: "Once upon", max_tokens: 5, temperature: 0, logprobs: 1, echo: true});
    assert.ok(a.choices[0].text.startsWith("Once upon a time"));
    let text = "";
    for await (const c of await client.completions.create({model, prompt: "Once upon", max_tokens: 5, temperature: 0, stream: true}))
        text += c.choices[0]?.text ?? "";
    assert.equal("Once upon" + text, a.choices[0].text);
});

test("responses", async () => {
    const a = await client.responses.create({model, input: "Tell me a story", instructions: "Be brief", max_output_tokens: 20, temperature: 0});
    assert.ok(a.output_text.length > 10);
    assert.equal(a.status, "incomplete");
    assert.equal(a.usage.output_tokens, 20);
    const stream = client.responses.stream({model, input: "Tell me a story", instructions: "Be brief", max_output_tokens: 20, temperature: 0});
    let text = "", last = -1;
    for await (const e of stream) {
        assert.equal(e.sequence_number, ++last);
        if (e.type === "response.output_text.delta")
            text += e.delta;
    }
    assert.equal(text, a.output_text);
    const b = await client.responses.create({
        model, input: question, tools: [{type: "function", ...weather.function}], tool_choice: "required", max_output_tokens: 100
    });
    const call = b.output.find((o) => o.type === "function_call");
    assert.ok(isWeather(JSON.parse(call.arguments)));
    const c = await client.responses.create({
        model, max_output_tokens: 5, input: [...question, call, {type: "function_call_output", call_id: call.call_id, output: "sunny"}]
    });
    assert.equal(c.output[0].type, "message");
    await assert.rejects(client.responses.create({model, input: "x", previous_response_id: "resp_1"}), OpenAI.BadRequestError);
});

test("abort", async () => {
    const stream = await client.chat.completions.create({model, messages: question, stream: true, ignore_eos: true, context_shift: true});
    let n = 0;
    for await (const _ of stream)
        if (++n === 3)
            stream.controller.abort();
    assert.ok(await idle() < 1000);
});

test("errors", async () => {
    const bad = (body, check) => assert.rejects(client.chat.completions.create({model, ...body}), (e) => e instanceof OpenAI.BadRequestError && check(e));
    await bad({messages: []}, (e) => e.param === "messages");
    await bad({messages: "x"}, (e) => e.param === "messages");
    await bad({messages: question, temperature: "hot"}, (e) => e.param === "temperature");
    await bad({messages: question, top_p: 2}, (e) => e.param === "top_p");
    await bad({messages: [{role: "user", content: "word ".repeat(3000)}]}, (e) => e.code === "context_length_exceeded");
    await bad({messages: [{role: "user", content: [{type: "image_url", image_url: {url: "data:"}}]}]}, (e) => e.code === "unsupported");
    await assert.rejects(new OpenAI({baseURL: guarded + "/v1", apiKey: "wrong"}).models.list(), OpenAI.AuthenticationError);
    const right = new OpenAI({baseURL: guarded + "/v1", apiKey: key});
    assert.equal((await right.models.list()).data.length, 1);
});

test("retry while the model loads", async () => {
    const a = await new OpenAI({baseURL: late + "/v1", apiKey: "any", maxRetries: 5}).chat.completions.create({model, messages: question, max_tokens: 3});
    assert.equal(a.usage.completion_tokens, 3);
});
